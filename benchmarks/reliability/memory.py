"""A limit of address space that the first micro batch does not fit into."""

from __future__ import annotations

import json
import re
import resource
from pathlib import Path
from typing import Any

from benchmarks.reliability.runs import Process

_ROWS, _TOKENS, _STEPS = 32, 512, 1


def run(data: Path, folder: Path) -> list[str]:
    """The same step with and without the limit; the optimizer's first moments after it are a tenth of the gradients."""
    import torch
    from safetensors.torch import load_file

    rows = [
        "\n".join(f"Berg\t{'B-PER' if one % 3 == 0 else 'O'}" for one in range(_TOKENS - 2)) for _ in range(2 * _ROWS)
    ]
    (folder / "long.conll").write_text("\n\n".join(rows) + "\n", encoding="utf-8")
    free, limited = folder / "memory-free", folder / "memory-limited"
    code = Process.of(lambda: _work(_argv(folder, free), None), folder / "memory.log").wait(900)
    told = (folder / "memory.log").read_text(encoding="utf-8")
    if code:
        return [f"The run without a limit failed: {told[-300:]}"]
    lines = []
    base, most = (int(found) for found in re.findall(r"address space: (\d+)", told))
    for share in (0.6, 0.35, 0.2):
        limit = base + int(share * (most - base))
        log = folder / f"memory-{share}.log"
        target = limited.with_name(f"{limited.name}-{share}")
        code = Process.of(lambda target=target, limit=limit: _work(_argv(folder, target), limit), log).wait(900)
        told = log.read_text(encoding="utf-8")
        sizes = re.findall(r"too little memory for (\d+) rows at once", told)
        if code:
            lines.append(
                f"| {share:.0%} | {', '.join(sizes) or '–'} | ended with {code}: {told.strip().splitlines()[-1]} |"
            )
            continue
        expected, found = (load_file(one / "last" / "trainer.safetensors") for one in (free, target))
        moments = [name for name in expected if name.endswith("exp_avg")]
        difference = torch.cat([(expected[name] - found[name]).flatten() for name in moments]).norm()
        whole = torch.cat([expected[name].flatten() for name in moments]).norm()
        last = json.loads((target / "last" / "trainer.json").read_text(encoding="utf-8"))["progress"]["micro_batch"]
        told = f"{', '.join(sizes)}; then {last}" if sizes else "none"
        lines.append(f"| {share:.0%} | {told} | {difference / whole:.1e} |")
    return [
        f"A step of {_ROWS} rows of {_TOKENS} tokens without dropout, under RLIMIT_AS set to what the process had "
        "before it plus a share of what it took without a limit. Difference: of the gradients (by Adam's first moments "
        "after one step), relative to their norm.",
        "\n".join(["| share | too large | relative difference |", "| ---: | --- | ---: |", *lines]),
    ]


def _argv(folder: Path, run_folder: Path) -> list[str]:
    return [
        "finetune",
        "task=ner",
        "model=tiny",
        "model.dropout=0",
        "model.config.max_position_embeddings=512",
        "hardware=cpu",
        "hardware.precision=fp32",
        "hardware.threads=1",
        f"data.train={folder / 'long.conll'}",
        "data.validation_share=0",
        f"train.batch_size={_ROWS}",
        f"train.max_steps={_STEPS}",
        "train.epochs=null",
        f"run.dir={run_folder}",
    ]


def _work(argv: list[str], limit: int | None) -> int:
    import ftk.training.runner as module
    from ftk import cli

    loop = module.train
    if limit is not None:  # as under `ulimit -v`: that there is a limit is known from the beginning
        resource.setrlimit(resource.RLIMIT_AS, (1 << 45, resource.RLIM_INFINITY))

    def limited(*args: Any, **kwargs: Any) -> None:
        print(f"address space: {_status('VmSize')}", flush=True)
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
        loop(*args, **kwargs)
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(f"address space: {_status('VmPeak')}", flush=True)

    module.train = limited
    return cli.run(argv)


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    return 0
