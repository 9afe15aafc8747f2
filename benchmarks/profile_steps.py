"""Where the time of an optimizer step goes, in a real training under torch's profiler.

The training is the one that the command line describes, cut after the profiled steps; nothing of it is kept. Times
are of the thread that computes: an operator's own, without those that it calls.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import defaultdict
from typing import Any

GROUPS = {
    "matrix products": ("aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm", "mkldnn", "onednn", "aten::linear"),
    "optimizer and clipping": ("_fused_", "linalg_vector_norm", "_foreach", "Optimizer"),
    "dropout": ("_Dropout", "bernoulli", "native_dropout", "bitwise_and", "__irshift__", "aten::sub_", "random_"),
    "attention, products aside": ("softmax", "_Attention", "scaled_dot", "flash"),
    "activation functions": ("gelu", "silu", "relu", "tanh", "sigmoid"),
    "norms": ("layer_norm", "rms_norm"),
    "embeddings": ("embedding", "index_select", "index_add", "gather"),
    "loss": ("nll_loss", "cross_entropy", "log_softmax"),
    "copies and conversions": ("aten::copy_", "aten::_to_copy", "aten::to", "aten::contiguous", "aten::clone"),
    "new memory": ("aten::fill_", "aten::zero_", "aten::empty", "aten::zeros", "aten::new_"),
    "sums, products and others": ("",),
}
TOP = 15


class Done(Exception):
    """The profiled steps are over."""


def group_of(name: str) -> str:
    """The group that an operator is counted in; the loss goes before what its name also fits."""
    for group in ("loss", *GROUPS):
        if any(part in name for part in GROUPS[group]):
            return group
    raise AssertionError(name)


def main() -> None:
    """Run the command line under the profiler and print two tables."""
    parser = argparse.ArgumentParser(description="Profile the optimizer steps of a training.")
    parser.add_argument("--steps", type=int, default=20, help="profiled steps (default: 20)")
    parser.add_argument("--warmup", type=int, default=5, help="steps before them (default: 5)")
    parser.add_argument("command", choices=("pretrain", "finetune"))
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    options = parser.parse_args()
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # as the command line of ftk does

    from ftk.commands import train
    from ftk.errors import FtkError
    from ftk.system.startup import fast_import

    with fast_import("torch"):
        from torch.profiler import ProfilerActivity, profile

        import ftk.training.runner as training

    profiler = profile(activities=[ProfilerActivity.CPU])
    steps: list[Any] = []
    began = [0.0]

    class Profiled(training.RunObserver):
        def stepped(self, info: Any) -> None:
            super().stepped(info)
            if info.step == options.warmup:
                profiler.start()
                began[0] = time.perf_counter()
            elif info.step > options.warmup:
                steps.append(info)
            if info.step == options.warmup + options.steps or info.last:
                raise Done

    training.RunObserver = Profiled  # type: ignore[misc]
    with tempfile.TemporaryDirectory() as folder:
        try:
            train.run(options.command, [*options.overrides, f"run.dir={folder}/run", "train.eval_every=1000000000"])
        except Done:
            wall = time.perf_counter() - began[0]
            profiler.stop()
        except FtkError as error:
            sys.exit(f"scripts/profile: {error}")
    if not steps:
        sys.exit("scripts/profile: the training ended before the first profiled step; give a smaller --warmup.")
    report(profiler.key_averages(), len(steps), wall, sum(info.tokens for info in steps))


def report(events: Any, steps: int, wall: float, tokens: int) -> None:
    """Print groups and single operators, in milliseconds a step."""
    from rich.console import Console
    from rich.table import Table

    own = [(event.key, event.self_cpu_time_total / 1e3 / steps, event.count / steps) for event in events]
    total = wall * 1e3 / steps
    groups: dict[str, float] = defaultdict(float)
    for name, milliseconds, _ in own:
        groups[group_of(name)] += milliseconds
    groups["outside of operators: Python, batches"] = max(0.0, total - sum(groups.values()))
    console = Console()
    table = Table(
        "what", "ms a step", "share", title=f"{steps} steps, {total:.1f} ms each, {tokens / wall:,.0f} tokens/s"
    )
    for name, milliseconds in sorted(groups.items(), key=lambda item: -item[1]):
        table.add_row(name, f"{milliseconds:.2f}", f"{100 * milliseconds / total:.1f} %")
    console.print(table)
    table = Table("operator", "ms a step", "calls a step", title=f"the {TOP} longest")
    for name, milliseconds, count in sorted(own, key=lambda item: -item[1])[:TOP]:
        table.add_row(name[:60], f"{milliseconds:.2f}", f"{count:.0f}")
    console.print(table)


if __name__ == "__main__":
    main()
