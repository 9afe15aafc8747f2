"""``ftk check``: what is wrong with data, before any weight is loaded."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from ftk.checking.collected import Collected
from ftk.checking.labelled import checked_rows
from ftk.checking.report import show_end, show_facts, show_findings, show_reading
from ftk.checking.suspects.checked import check_suspects
from ftk.checking.texts import checked_texts
from ftk.commands.checks.pooling import with_pooling
from ftk.commands.checks.values import check_values
from ftk.config.compose import run_jobs
from ftk.config.invocation import Invocation
from ftk.config.mistakes import ConfigMistakes, Mistake
from ftk.config.paths import config_files, values_of
from ftk.config.schema import CheckConfig
from ftk.data.readers.decoding.once import inputs
from ftk.errors import ANSWER_IS_NO
from ftk.models.loading.text_prefix import refuse_unread_prefix
from ftk.report.console import Console
from ftk.system.startup import fast_import
from ftk.tasks import build_task

_FLAGS_OF_SWEEPS = ("-m", "--multirun")


@inputs()
def run(command: str, argv: list[str]) -> int:
    """Run the command line; 3 if the data has errors."""
    if flag := next((word for word in argv if word in _FLAGS_OF_SWEEPS), None):
        raise ConfigMistakes([Mistake(flag, "A check is no sweep; run it once for each of the values.")])
    outcomes = run_jobs(command, argv, check, check=check_values)
    return ANSWER_IS_NO if any(outcome.metrics["errors"] for outcome in outcomes) else 0


@inputs()
def check(config: CheckConfig, invocation: Invocation) -> dict[str, Any]:
    """Check data; returns how many kinds of errors there are, and in how many rows."""
    console, notes = Console(), Collected()
    began = time.perf_counter()
    task = with_pooling(build_task(config.task), config.model, notes)
    if config.model is not None:
        refuse_unread_prefix(config.model, task.spec, invocation.names("model"))
    if task.spec.command == "pretrain":
        config = _as_pretrained(config, invocation)
        found = checked_texts(config, task, notes)
    else:
        found = checked_rows(config, task, notes)
    facts = found.facts
    if config.model is not None and found.corpus is not None:
        with fast_import("torch"):
            from ftk.checking.encoded import encode  # torch from here on
        encoded = encode(found.corpus, config, notes, console)
        facts["model"] = encoded.facts
        facts.pop("expected", None)
        if encoded.hardware:
            facts["expected"] = encoded.expected()
    elif config.model is not None:
        console.warn("the model is not looked at, because the rows to train on have errors")
    if config.suspects is not False and found.corpus is not None:
        check_suspects(config, found.corpus, notes, console)
    elif config.suspects is not False:
        console.warn("suspects are not looked for, because the rows to train on have errors")
    findings = list(notes)
    show_reading(console, findings)
    show_facts(console, facts)
    show_findings(console, findings)
    show_end(console, findings, found.rows, time.perf_counter() - began)
    return {"errors": sum(one.severity == "error" for one in findings), "rows": found.rows}


def _as_pretrained(config: CheckConfig, invocation: Invocation) -> CheckConfig:
    """The config with what ``ftk pretrain`` has for the sections data and train, where the command line names nothing
    else."""
    files = config_files()
    own, values = values_of("check", files), values_of("pretrain", files)

    def section(name: str, given: Any) -> Any:
        set_here = invocation.names(name)
        if set_here is None:  # a file of the user decides
            return given
        others = {key: value for key, value in values[name].items() if value != own[name][key] and key not in set_here}
        return replace(given, **others)

    return replace(config, data=section("data", config.data), train=section("train", config.train))
