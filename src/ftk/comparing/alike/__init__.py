"""How alike the answers and the states of models are."""
