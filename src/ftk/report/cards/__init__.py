"""The model card of a model folder."""
