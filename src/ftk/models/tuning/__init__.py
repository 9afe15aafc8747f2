"""Which parameters of a model are trained."""
