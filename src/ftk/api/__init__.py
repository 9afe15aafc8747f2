"""The Python API: the commands as functions, for scripts and notebooks."""
