"""``ftk evaluate`` or ``ftk predict`` with its resident memory looked at as rows go by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.speed.workers.channel import Channel, memory


def main() -> None:
    """Run the command of the options when told to."""
    channel = Channel()
    word, words, total = (channel.options[name] for name in ("command", "words", "total"))
    points: list[tuple[int, int, int]] = []

    import importlib

    import ftk.cli

    command = importlib.import_module(f"ftk.commands.{word}")
    job = getattr(command, word)

    def watched(config: Any, invocation: Any) -> Any:
        watch(points, max(1, total // 100))
        return job(config, invocation)

    setattr(command, word, watched)
    channel.answer()
    channel.order()
    code = ftk.cli.run([word, *words])
    if code:
        raise SystemExit(f"ftk {word} ended with exit code {code}.")
    channel.answer(points=points, peak=memory("VmHWM"))
    channel.stay()


def watch(points: list[tuple[int, int, int]], every: int) -> None:
    """Note VmRSS and RssAnon after every so many rows that a runner gives."""
    from ftk.core.evaluate import Runner

    predictions = Runner.predictions
    done = 0

    def counted(self: Any, *arguments: Any, **named: Any) -> Iterator[Any]:
        nonlocal done
        for pair in predictions(self, *arguments, **named):
            done += 1
            if done % every == 0:
                points.append((done, memory("VmRSS"), memory("RssAnon")))
            yield pair

    Runner.predictions = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    main()
