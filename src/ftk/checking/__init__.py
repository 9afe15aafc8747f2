"""What is wrong with data, found before any model is trained on it."""
