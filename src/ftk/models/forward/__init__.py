"""Ways to run a model over only what is needed."""
