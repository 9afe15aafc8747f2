"""A training run: built, observed, resumed and reported."""
