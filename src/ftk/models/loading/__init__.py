"""From a model's name to its weights, tokenizer and config, checked before they are trusted."""
