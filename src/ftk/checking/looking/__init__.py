"""What is odd about rows, one kind of thing in each module."""
