"""JSON: objects in lines and in documents, SQuAD."""
