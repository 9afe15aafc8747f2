"""Parts that several tasks share: the base class, losses, metrics and inputs."""
