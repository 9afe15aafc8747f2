"""Copies of what a run measures, for the tools in which people look at many runs."""
