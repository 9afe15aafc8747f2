"""Where rows come from: what the config names, folders that hold several splits, and the input of predictions."""
