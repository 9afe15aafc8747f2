"""Every architecture of transformers in every task that it has a head for."""
