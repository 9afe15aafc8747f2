"""Rows, examples and windows of a corpus that is larger than the memory, in temporary files."""
