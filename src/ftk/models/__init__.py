"""Encoders, heads and tokenizers: found, built, loaded."""
