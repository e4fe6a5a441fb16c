"""Sobot's call centre V6: outbound tasks that take data in batches and tell later, in counts, what became of them."""
