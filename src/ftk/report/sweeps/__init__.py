"""Sweeps: which job is done, and which is to run; the folder, the table and the files of all jobs."""
