"""Tags of tokens: their columns, spellings and parts."""
