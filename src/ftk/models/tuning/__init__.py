"""Selects which parameters of a model are trained, and at which rates."""
