"""Rows from files, features and windows from rows, batches from features."""
