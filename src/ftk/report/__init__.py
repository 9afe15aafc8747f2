"""What people and files are told: the terminal, the metrics, the run folder."""
