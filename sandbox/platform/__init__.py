"""The double of ipSCAPE's Platform API, version path v3.0.

Belongs here: what the Platform answers and stores. Does not belong here: sockets, faults, other vendors.

The vendor's document lost every path, status and error body. What this double does about them is assumed, and
marked so where it stands: a green test against it says nothing about the vendor.
"""
