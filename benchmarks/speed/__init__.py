"""How fast ftk is beside its peers: contenders take turns in one run, and pairs of their samples are compared."""
