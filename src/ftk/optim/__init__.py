"""Optimizers with parameter groups, learning-rate schedules and gradient clipping."""
