"""Converts the weights of a model to safetensors: the only place where pickles are opened, in a process of its own."""
