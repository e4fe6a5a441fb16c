"""Sinch Contact Center: the outbound campaign interface OBI."""
