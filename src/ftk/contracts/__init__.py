"""The ground that packages share: rows, notes, values, the protocols between packages, and ``Task``."""
