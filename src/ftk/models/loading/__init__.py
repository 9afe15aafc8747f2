"""Loads a model by name: its config and weights, each checked before use."""
