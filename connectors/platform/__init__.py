"""ipSCAPE: the Platform API, version path v3.0."""
