"""Files of predictions, whole and in part, and output in JSON."""
