"""Parts that tasks share whose targets are texts."""
