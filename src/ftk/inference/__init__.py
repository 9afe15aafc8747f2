"""A trained model, opened from its folder."""
