"""The first run of a newcomer, beside what is simpler and what is usual."""
