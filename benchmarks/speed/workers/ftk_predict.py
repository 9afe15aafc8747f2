"""``ftk predict`` as its users run it, over and over: one process, one model, an input for each order."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from benchmarks.speed.workers.channel import Channel, memory


def main() -> None:
    """Run the command of the options once for each order."""
    channel = Channel()
    words, folder = channel.options["words"], Path(channel.options["folder"])

    import ftk.cli
    import ftk.commands.predict as command

    predict = command.predict

    def serve(config: Any, invocation: Any) -> dict[str, Any]:
        keep_model()
        result: dict[str, Any] = {}
        began = False
        while True:
            if not began:  # the first one loads the model: before the rounds, and in nobody's time
                source, began = channel.options["input"], True
            else:
                order = channel.order()
                if order["do"] == "finish":
                    channel.answer()
                    channel.stay()
                source = order["input"]
            target = folder / f"{Path(source).stem}.jsonl"
            result = predict(dataclasses.replace(config, input=source, output=str(target)), invocation)
            channel.answer(**result, output=str(target), peak=memory("VmHWM"), **_kept_facts())

    command.predict = serve
    ftk.cli.run(["predict", *words, f"input={channel.options['input']}", "output=-"])
    channel.answer(refused="its last words are in the log")
    channel.stay()


_kept: list[Any] = []


def keep_model() -> None:
    """Load the model for the first order only: what is timed begins behind it."""
    from ftk.inference.checkpoint import Checkpoint

    runner = Checkpoint.runner

    def kept(self: Any, *arguments: Any, **named: Any) -> Any:
        if not _kept:
            _kept.append(runner(self, *arguments, **named))
        return _kept[0]

    Checkpoint.runner = kept  # type: ignore[method-assign]


def _kept_facts() -> dict[str, Any]:
    hardware = _kept[0].hardware
    return {"precision": hardware.precision.value, "hardware": hardware.why}


if __name__ == "__main__":
    main()
