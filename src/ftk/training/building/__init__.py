"""Builds a run: what it is made of, and what is chosen where its config leaves it open."""
