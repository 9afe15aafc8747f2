"""One module a suite; ``run`` of each takes the settings and returns its section of the page."""
