"""How values are written on a command line, and how they are read: names may have any characters."""
