"""Output for people and files: the terminal, metrics, curves and the run folder."""
