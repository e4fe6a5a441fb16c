"""The double of Sinch Contact Center's outbound campaign interface (OBI).

Belongs here: what OBI answers and stores. Does not belong here: sockets, faults, other vendors.
`sandbox/README.md` lists which rules the vendor documents and which are assumed.
"""
