"""The head of a run before its first step, fitted to the states of the frozen encoder."""
