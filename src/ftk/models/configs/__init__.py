"""The config of a model: read, changed by the settings of a run, and made for models of several parts."""
