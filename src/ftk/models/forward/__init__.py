"""Runs models on only what is needed: masked positions, chunks of similar length, generation."""
