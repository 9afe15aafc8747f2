"""Loads a model by name: its config, tokenizer and weights, each checked before use."""
