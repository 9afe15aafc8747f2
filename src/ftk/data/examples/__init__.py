"""From rows to the examples of a task."""
