"""What tasks whose targets are texts share."""
