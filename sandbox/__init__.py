"""Runnable doubles of the vendors, on a real socket, with faults that are switched at run time.

Belongs here: how a vendor answers, how it misbehaves, and what it stored (the oracle of the tests).
Does not belong here: anything that knows our connectors, pipelines or SQL; a double that shares
code with the client would share its mistakes.

The modules of this package know no vendor; each vendor is a package of its own (`sandbox.sinch`)
that satisfies `sandbox.vendor.Vendor`.
"""
