"""``ftk convert``: writes a model whose weights are pickles, or a variant, as safetensors."""

import sys

from ftk.config.spelling.writing import pasted
from ftk.errors import ConfigError, numbered
from ftk.system.paths import expanded

USAGE = """\
usage: ftk convert IN OUT [--revision REV] [--overwrite]

Write the model in IN, a folder or a hub id, to the new folder OUT: its weights as safetensors, and copies of its config
and its tokenizer. The weights may be pytorch_model.bin or its shards, or a variant such as model.fp16.safetensors.
Their precision is kept.

  --revision REV  branch, tag or commit of a hub id
  --overwrite     replace OUT if it is a model folder that exists

A pickle can run code when it is opened. Here it is opened in a process of its own that takes tensors and nothing else
(torch.load with weights_only), has no network, writes only to OUT, and, on Linux, has a limit of memory: twice the size
of the weights and 512 MiB. Whatever else a file holds is refused. OUT appears as a whole or not at all.
"""


def run(command: str, argv: list[str]) -> int:
    """Convert one model."""
    if not argv or argv[0] in ("-h", "--help"):
        sys.stdout.write(USAGE)
        return 0
    source, target, revision, overwrite = _parsed(argv)
    from ftk.models.converting.convert import convert

    done = convert(source, expanded(target), revision=revision, overwrite=overwrite, warn=_warn)
    files = done.read[0] if len(done.read) == 1 else f"{len(done.read)} files"
    sys.stdout.write(
        f"read {files} in a process of its own, without network and with at most {done.memory / 2**20:,.0f} MiB of "
        "memory for it\n"
    )
    if done.tied:
        sys.stdout.write(f"left out, because the model ties them to others: {', '.join(done.tied)}\n")
    sys.stdout.write(f"copied: {', '.join(done.copied)}\n")
    sys.stdout.write(
        f"wrote {target}: {numbered(done.tensors, 'tensor')}, {done.size:,} bytes; use it with "
        f"model.name={pasted(target)}\n"
    )
    return 0


def _warn(text: str) -> None:
    sys.stderr.write(f"note: {text}\n")


def _parsed(argv: list[str]) -> tuple[str, str, str | None, bool]:
    """The folder or hub id, the new folder, the revision, and whether the new folder may be replaced.

    Raises:
        ConfigError: the command line is not understood.
    """
    names: list[str] = []
    revision: str | None = None
    overwrite = False
    words = iter(argv)
    for word in words:
        if word == "--overwrite":
            overwrite = True
        elif word == "--revision" or word.startswith("--revision="):
            revision = word.partition("=")[2] or next(words, "")
        else:
            names.append(word)
    if len(names) != 2 or any(not name or name.startswith("-") for name in names) or revision == "":
        raise ConfigError(f"'{' '.join(argv)}' is not understood.\n{USAGE.splitlines()[0]}")
    return names[0], names[1], revision, overwrite
