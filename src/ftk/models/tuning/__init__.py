"""Selects which parameters of a model are trained."""
