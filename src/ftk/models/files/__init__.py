"""The files of a model: which are needed, whether they are whole, and how they are fetched from the hub."""
