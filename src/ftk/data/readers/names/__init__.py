"""Names of splits, classes and columns, as files and folders have them."""
