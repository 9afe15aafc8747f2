"""From raw text to a store of token ids on disk."""
