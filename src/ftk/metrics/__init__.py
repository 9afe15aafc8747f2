"""Scores, accumulated row by row in constant memory."""
