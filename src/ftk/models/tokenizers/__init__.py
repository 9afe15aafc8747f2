"""The tokenizer of a model: loaded, learned, checked against its files and against the table of embeddings."""
