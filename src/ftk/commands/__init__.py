"""The commands; each file reads as the table of contents of what its command does."""
