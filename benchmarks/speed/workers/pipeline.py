"""``transformers.pipeline`` for token classification, in fp32, over a whole file for each order."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from benchmarks.speed.workers.channel import Channel, memory
from transformers import pipeline


def main() -> None:
    """Predict once for each order."""
    channel = Channel()
    options = channel.options
    batch: int = options["batch"]
    run = pipeline(
        "token-classification",
        model=options["checkpoint"],
        tokenizer=options["checkpoint"],
        aggregation_strategy="first",
    )
    texts = _read(options["input"])
    run(texts[:64], batch_size=batch)
    channel.answer(precision=str(run.model.dtype))
    found: list[Any] = []
    for order in channel.orders():
        texts = _read(order["input"])
        size = order.get("batch", batch)
        began = time.perf_counter()
        # One text at a time unless told otherwise, as the pipeline does by default.
        found = run(texts, batch_size=size) if size > 1 else run(texts)
        seconds = time.perf_counter() - began
        target = Path(options["folder"]) / f"{Path(order['input']).stem}.jsonl"
        with target.open("w", encoding="utf-8") as stream:
            for text, entities in zip(texts, found, strict=True):
                stream.write(json.dumps({"text": text, "entities": [_plain(entity) for entity in entities]}) + "\n")
        channel.answer(rows=len(texts), seconds=seconds, output=str(target), peak=memory("VmHWM"))
    channel.answer()
    channel.stay()


def _read(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").removesuffix("\n").split("\n")


def _plain(entity: dict[str, Any]) -> dict[str, Any]:
    return {
        "label": entity["entity_group"],
        "start": int(entity["start"]),
        "end": int(entity["end"]),
        "score": float(entity["score"]),
    }


if __name__ == "__main__":
    main()
