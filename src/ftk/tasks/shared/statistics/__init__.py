"""What scores are made of, row by row, from the records of predictions."""
