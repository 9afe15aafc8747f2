"""Heads and models that transformers does not provide."""
