"""Which words a prediction rests on."""
