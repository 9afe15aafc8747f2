"""The two entities of a relation: as marks in the text, as columns of places, or as texts."""
