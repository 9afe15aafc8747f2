"""Which rows are in which split: samples of a file, rows held out, rows that repeat or contradict others."""
