"""Hidden states of models: kept on disk, or compared layer by layer."""
