"""What a file is, by its name and content, and the refusal of what a task cannot read."""
