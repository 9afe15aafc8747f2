"""Parameter groups, optimizers, schedules."""
