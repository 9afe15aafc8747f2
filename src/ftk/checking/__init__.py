"""``ftk check``: what is wrong with data, found before any weight is loaded."""
