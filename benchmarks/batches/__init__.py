"""What the grouping of rows into batches costs in score, loss and time."""
