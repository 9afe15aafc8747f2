"""The preparation of texts for pretraining: ftk's, beside the tokenizers library alone on the same text."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

from benchmarks.speed.workers.channel import Channel, memory

_TEXTS_AT_ONCE = 1000


def main() -> None:
    """Prepare once for each order."""
    channel = Channel()
    options = channel.options
    if options["cores"] is not None:
        # What is started from here on, threads and processes, inherits it.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options["cores"]])
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(options["encoder"])
    alone = Tokenizer.from_file(str(Path(options["encoder"]) / "tokenizer.json"))
    alone.no_truncation()
    alone.no_padding()
    channel.answer(cores=len(os.sched_getaffinity(0)))
    for order in channel.orders():
        answer: dict[str, Any] = {"peak": memory("VmHWM")}
        if order.get("alone", options["cores"] == 1):
            began = time.perf_counter()
            answer["alone_tokens"] = tokenize(alone, Path(order["text"]))
            answer["alone_seconds"] = time.perf_counter() - began
        cache = Path(order["cache"])
        began = time.perf_counter()
        answer["tokens"] = prepare(order, tokenizer, cache)
        answer["seconds"] = time.perf_counter() - began
        if not order.get("keep"):
            shutil.rmtree(cache)
        channel.answer(**answer)
    channel.answer()
    channel.stay()


def tokenize(tokenizer: Any, path: Path) -> int:
    """The number of tokens of a text, its documents parted by blank lines."""
    texts = path.read_text(encoding="utf-8").split("\n\n")
    tokens = 0
    for first in range(0, len(texts), _TEXTS_AT_ONCE):
        part = tokenizer.encode_batch_fast(texts[first : first + _TEXTS_AT_ONCE], add_special_tokens=False)
        tokens += sum(len(encoding) for encoding in part)
    return tokens


def prepare(order: dict[str, Any], tokenizer: Any, cache: Path) -> int:
    """All that ``ftk pretrain`` does with a text before it loads weights; the number of its tokens."""
    from hydra import compose, initialize

    from ftk.config.jobs import register, typed
    from ftk.contracts.contexts import Encoding
    from ftk.contracts.notes import Notes
    from ftk.contracts.values import WindowPlan
    from ftk.report.console import Console
    from ftk.tasks import build_task

    register()
    words = [f"data.train={order['text']}", f"data.cache_dir={cache}", *order.get("words", ())]
    with initialize(config_path=None, version_base="1.3"):
        config = typed(compose("pretrain", overrides=words))
    corpus = build_task(config.task).open_corpus(config.data, Notes())
    prepared = corpus.prepare(Encoding(tokenizer, None, WindowPlan(128, 0), Notes()), Console(stderr=True))
    return int(prepared["train"].features.store.manifest.tokens)


if __name__ == "__main__":
    main()
