"""Processes as launchers start them and as this one forks them, and their standard streams."""
