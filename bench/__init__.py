"""How fast the load is, beside a hand-written script and the raw ceilings. `README.md` says how to read it."""
