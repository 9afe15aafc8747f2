"""How well calibrated the scores of fine-tuned models are, before and after ``calibrate=temperature``."""
