"""Checks of a config that need its files, tasks and models; ``ftk.config.ranges`` checks values alone."""
