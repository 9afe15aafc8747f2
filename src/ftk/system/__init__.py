"""The operating system: atomic files, locks, signals, the cache folder, digests, start-up, spelling."""
