"""What each task reaches on real corpora, beside ``transformers.Trainer`` for three of them."""
