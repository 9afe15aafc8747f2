"""What the predictions of runs say: intervals of their scores, and whether one run is better than another."""
