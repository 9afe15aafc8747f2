"""What goes between the packages: rows, notes, batches, protocols, tasks."""
