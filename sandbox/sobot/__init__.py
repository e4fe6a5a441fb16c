"""The double of Sobot's call centre V6: tokens, configuration, outbound tasks, imports and their results.

Belongs here: what Sobot answers and stores. Does not belong here: sockets, faults, other vendors.
What the vendor's document leaves open is a knob (`knobs.py`), and every guess says «assumed».
"""
