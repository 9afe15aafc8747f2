"""Rows whose label is likely wrong: found by heads that did not learn them, and by how training went for them."""
