"""The training core: one loop, one evaluation; no tasks, YAML or terminals in here."""
