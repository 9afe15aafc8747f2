"""The operating system: atomic files, locks, signals, the cache folder, digests, processors, start-up, spelling."""
