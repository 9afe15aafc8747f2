"""What several tasks share: their bases, losses, metrics and inputs."""
