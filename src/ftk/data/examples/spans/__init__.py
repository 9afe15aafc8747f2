"""Labelled spans of a text: how rows write them, what their offsets count, and the words that they are on."""
