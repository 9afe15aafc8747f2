"""Orders in and answers out, one JSON line each. Only the standard library is imported here: when torch is imported,
and with which variables, is part of what is measured."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any


class Channel:
    """The two ends of the pipe to the process that gives the orders.

    Whatever else the worker prints goes to its log.
    """

    def __init__(self) -> None:
        self.options: dict[str, Any] = json.loads(sys.argv[1])
        self._orders = os.fdopen(os.dup(0))
        self._answers = os.fdopen(os.dup(1), "w")
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        sys.argv = sys.argv[:1]

    def answer(self, **facts: Any) -> None:
        """One answer."""
        self._answers.write(json.dumps(facts) + "\n")
        self._answers.flush()

    def order(self) -> dict[str, Any]:
        """The next order; the process ends where none will come."""
        line = self._orders.readline()
        if not line:
            os._exit(0)
        order: dict[str, Any] = json.loads(line)
        return order

    def orders(self) -> Iterator[dict[str, Any]]:
        """The orders up to the one to finish."""
        while (order := self.order())["do"] != "finish":
            yield order

    def stay(self) -> None:
        """Wait to be ended."""
        while True:
            self.order()


class Gate:
    """Lets a training loop run so many steps and then holds it until the next order."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._left = 0
        self._finished = False
        self.before: Callable[[], dict[str, Any]] = dict
        """Is called before each turn, outside of its time; what it returns is part of the answer."""

    def ready(self, **facts: Any) -> None:
        """Say so, and wait for the first order."""
        self.channel.answer(**facts)
        self._wait()

    def step(self, tokens: int, padding: int, loss: float) -> bool:
        """A step is done; returns once the next one may begin.

        Args:
            tokens: real tokens of the step.
            padding: what was computed on top.
            loss: its mean loss.

        Returns:
            Whether the rounds are over, and the run may go to its end.
        """
        if self._finished:
            return True
        self._tokens += tokens
        self._padding += padding
        self._losses.append(loss)
        self._left -= 1
        if self._left <= 0:
            self.channel.answer(
                seconds=time.perf_counter() - self._began,
                steps=len(self._losses),
                tokens=self._tokens,
                padding=self._padding,
                loss=sum(self._losses) / len(self._losses),
                peak=memory("VmHWM"),
                **self._facts,
            )
            self._wait()
        return self._finished

    def _wait(self) -> None:
        order = self.channel.order()
        self._finished = order["do"] == "finish"
        self._left = order.get("steps", 0)
        self._tokens = self._padding = 0
        self._losses: list[float] = []
        self._facts = {} if self._finished else self.before()
        self._began = time.perf_counter()


def memory(name: str) -> int:
    """Bytes that the system counts for this process under a name: VmHWM, VmRSS, RssAnon."""
    with open("/proc/self/status", encoding="ascii") as stream:
        for line in stream:
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    raise ValueError(name)
