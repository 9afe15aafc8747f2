"""What is different between two runs: what was changed, and the rows and labels that it moved."""
