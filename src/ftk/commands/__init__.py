"""The commands, one module each, and the table that lists them; it imports nothing, so that the help is fast."""

COMMANDS = {
    "pretrain": ("ftk.commands.train", "train an encoder on raw text, from random or pretrained weights"),
    "check": ("ftk.commands.check", "check data before anything is trained on it"),
    "finetune": ("ftk.commands.train", "train a task on labelled data, from a pretrained or a random encoder"),
    "evaluate": ("ftk.commands.evaluate", "score a checkpoint on labelled data"),
    "predict": ("ftk.commands.predict", "read texts or images, write one line of JSON per row"),
    "explain": ("ftk.commands.explain", "say which words predictions rest on, one line of JSON per row"),
    "compare": ("ftk.commands.compare", "say whether one run, or one recipe, is better than another"),
    "report": ("ftk.commands.report", "write the page of a run again, or of several runs side by side"),
    "sweep": ("ftk.commands.sweep", "show the table of a sweep again, from its run folders"),
    "runs": ("ftk.commands.runs", "list, filter, sort and remove runs and caches, with their sizes"),
    "convert": ("ftk.commands.convert", "write a model whose weights are pickles as safetensors"),
    "configs": ("ftk.commands.configs", "list, show, copy or document the configs"),
    "completion": ("ftk.commands.completion", "print the tab completion for bash, zsh or fish"),
    "help": ("ftk.commands.help", "print the meaning, type and default of a key"),
    "env": ("ftk.commands.env", "print versions and hardware, for bug reports"),
}

WITH_JSON = ("pretrain", "finetune", "evaluate", "predict", "explain", "check", "compare", "report", "sweep", "runs")
"""The commands that show JSON lines with --json."""

ALIASES = {"pretrain-mlm": "pretrain"}
