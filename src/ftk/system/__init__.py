"""The operating system: files, locks, signals, caches, start-up."""
