"""The sections of a page, each made of the values of a run."""
