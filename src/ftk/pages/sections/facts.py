"""What a run was made with: the machine, versions, files, findings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ftk.pages.blocks import Block, Cell, Facts, Section, Table, Text
from ftk.pages.run_files import RunFiles

_TRAIN = (
    ("steps", "optimizer steps", ",.0f", ""),
    ("epochs", "epochs", ",.2f", ""),
    ("tokens", "tokens", ",.0f", ""),
    ("tokens_per_second", "speed", ",.0f", " tokens/s"),
    ("seconds", "time of the steps", ",.1f", " s"),
    ("elapsed", "time in all", ",.1f", " s"),
    ("utilisation", "real tokens among the positions of the batches", ".1%", ""),
    ("peak_memory_mb", "most memory", ",.0f", " MB"),
    ("peak_gpu_memory_mb", "most memory of the GPU", ",.0f", " MB"),
    ("skipped_steps", "steps skipped (fp16)", ",.0f", ""),
    ("left_out_steps", "updates skipped", ",.0f", ""),
    ("spikes", "loss spikes", ",.0f", ""),
)
_MACHINE = ("started", "ftk", "python", "platform", "processor", "hardware", "git")
_SEVERITIES = ("error", "warning", "info")


def run_section(run: RunFiles) -> Section:
    """Speed, memory, the machine, versions, the data and the model."""
    blocks: list[Block] = []
    numbers = {**_mapping(run.metrics, "evaluation"), **_mapping(run.metrics, "train")}
    speed = [
        (name, f"{value:{form}}{unit}".replace("%", " %"))
        for key, name, form, unit in _TRAIN
        if isinstance(value := numbers.get(key), (int, float))
    ]
    if speed:
        blocks.append(Facts(speed))
    environment = run.environment
    machine = [(name, str(environment[name])) for name in _MACHINE if environment.get(name)]
    if "seed" in _mapping(run.config, "run"):
        machine.append(("seed", str(run.config["run"]["seed"])))
    blocks.append(Facts(machine))
    versions = [[name, str(version or "not installed")] for name, version in _mapping(environment, "packages").items()]
    if versions:
        blocks.append(Table("Versions of packages", ["package", "version"], versions, folded=True))
    if files := _files(environment):
        blocks.append(files)
    model = [
        (name, str(value)) for name, value in _mapping(environment, "model").items() if not isinstance(value, dict)
    ]
    if model:
        blocks.append(Facts([(f"model: {name}", value) for name, value in model]))
    return Section("run", "The run", blocks)


def _files(environment: Mapping[str, Any]) -> Table | None:
    rows = environment.get("rows") if isinstance(environment.get("rows"), dict) else {}
    assert rows is not None
    lines: list[list[Cell | str]] = [
        [str(name), split, f"{rows[split]:,}" if isinstance(rows.get(split), int) else "", str(digest)]
        for split, files in _mapping(environment, "data").items()
        for name, digest in files.items()
    ]
    return Table("Data files", ["file", "split", "rows", "SHA-256"], lines) if lines else None


def findings_section(run: RunFiles, *, texts: bool) -> Section | None:
    """What was found in the data and during the run; None if nothing was.

    Args:
        run: the files of the run.
        texts: whether to show the sentences of findings, which may quote the data.
    """
    if not run.findings and not run.unread:
        return None
    blocks: list[Block] = [Text(f"Some lines could not be read: {one}.", warning=True) for one in run.unread]
    found = sorted(run.findings, key=lambda one: _rank(one.get("severity")))
    rows: list[list[Cell | str]] = []
    for one in found:
        count = one.get("count")
        number = Cell(f"{count:,}", float(count)) if isinstance(count, int) else Cell("")
        row: list[Cell | str] = [str(one.get(name) or "") for name in ("kind", "severity", "split")]
        rows.append([*row, number, *([str(one.get("text", ""))] if texts else [])])
    columns = ["kind", "severity", "split", "count", *(["finding"] if texts else [])]
    if rows:
        blocks.append(Table("Findings", columns, rows, sortable=True))
    return Section("findings", "Findings", blocks)


def _rank(severity: Any) -> int:
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)


def _mapping(values: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = values.get(name)
    return found if isinstance(found, dict) else {}
