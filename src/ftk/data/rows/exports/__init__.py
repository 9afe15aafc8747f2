"""Rows of annotation tools and of ftk's own predictions, as plain rows."""
