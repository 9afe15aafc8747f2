"""Whether encoders fail alike: models of several kinds, three seeds each, on the same corpora."""
