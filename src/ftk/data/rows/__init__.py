"""From the cells of a row to checked values."""
