"""Which runs and caches are on the disk, how large they are, and how they are removed."""
