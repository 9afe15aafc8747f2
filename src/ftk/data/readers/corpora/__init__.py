"""Corpora that are folders of files which belong together: documents of brat, BEIR, saved datasets; and triples."""
