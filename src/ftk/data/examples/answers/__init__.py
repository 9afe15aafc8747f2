"""Answers to questions: how rows write them, and what their offsets count."""
