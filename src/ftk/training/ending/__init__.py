"""What a run does when its training has ended: calibration, baselines, the card, the results."""
