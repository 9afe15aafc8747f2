"""Probabilities that mean what they say: temperatures, sets of labels, rows that no label fits."""
