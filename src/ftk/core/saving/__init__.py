"""Model folders and training states on disk."""
