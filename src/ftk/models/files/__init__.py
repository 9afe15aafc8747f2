"""The files of a model: which are needed, whether they are whole and harmless, and how the hub gives them."""
