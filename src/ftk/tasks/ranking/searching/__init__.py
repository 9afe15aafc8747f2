"""Finds the best candidates of a file for each query."""
