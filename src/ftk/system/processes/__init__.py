"""Processes: those that a launcher starts, those that are forked from this one, and the streams of each."""
