"""``ftk finetune`` from the command line to the run folder."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from conftest import (
    NAMES,
    SHARED,
    TINY,
    Reason,
    Result,
    assert_refused,
    read_jsonl,
    toy_sentences,
    write_conll,
    write_jsonl,
    write_lines,
)
from ftk.contracts import finding_kinds as kinds
from ftk.tasks import finding_kinds as task_kinds

pytestmark = pytest.mark.torch

FAST = (*TINY, "debug=one-step")


def test_the_run_folder_is_what_the_contract_says(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    result = ftk("finetune", *TINY, *toy, "train.epochs=4", "run.dir=run", "run.curves=true")
    assert result.code == 0, result.err
    run = Path("run")
    files = [".lock", "config.yaml", "environment.json", "log.txt", "findings.jsonl", "metrics.jsonl", "metrics.json"]
    files += ["curves.png", "dynamics"]
    assert sorted(path.name for path in run.iterdir()) == sorted([*files, "predictions", "best", "last"])
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")
    text = (run / "config.yaml").read_text()
    assert text.startswith("# ftk finetune model=tiny ")
    assert yaml.safe_load(text)["model"]["default_lr"] == 3e-3
    environment = json.loads((run / "environment.json").read_text())
    assert environment["threads"] == 1
    assert set(environment["data"]) == {"train", "validation", "test"}
    assert set(environment["model"]) == {"origin", "files", "tokenizer"}
    assert environment["model"]["files"] == {}  # random weights
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["test"]["f1"] > 0.9
    assert metrics["test"]["scheme"] == "IOB2"
    assert metrics["train"]["steps"] == 12
    assert metrics["best_step"] % 3 == 0
    validations = [event for event in read_jsonl(run / "metrics.jsonl") if event["split"] == "validation"]
    assert [event["step"] for event in validations] == [3, 6, 9, 12]
    assert max(event["f1"] for event in validations) == metrics["validation"]["f1"]
    assert json.loads((run / "best" / "ftk.json").read_text())["step"] == metrics["best_step"]
    assert "step 10/12" in (run / "log.txt").read_text()
    predictions = read_jsonl(run / "predictions" / "test.jsonl")
    assert [row["tokens"] for row in predictions] == [[w for w, _ in sentence] for sentence in toy_sentences(16)]
    assert all(len(row["tags"]) == len(row["tokens"]) for row in predictions)
    assert not Path("runs").exists()
    assert "LOC" in result.out
    assert "\x1b[" not in result.out  # no colours where there is no terminal


def test_a_run_that_keeps_its_best_model_alone_says_why_it_cannot_resume(ftk: Callable[..., Result]) -> None:
    argv = ["finetune", "task=ner", *FAST, "run.keep=best", "run.dir=run"]
    result = ftk(*argv)
    assert result.code == 0, result.err
    assert not {"last", "previous"} & {path.name for path in Path("run").iterdir()}
    resumed = ftk(*argv, "run.resume=true")
    assert resumed.code == 1
    assert "model=auto model.name=run/best" in resumed.err
    further = ftk("finetune", "task=ner", *FAST[2:], "model=auto", "model.name=run/best", "run.dir=further")
    assert further.code == 0, further.err


def test_the_demo_corpus_is_used_and_it_is_reported(ftk: Callable[..., Result]) -> None:
    result = ftk("finetune", "--json", "task=ner", *FAST)
    assert result.code == 0, result.err
    assert result.found(kinds.DEMO_CORPUS).values["what"] == "training on"
    [run] = Path("runs").iterdir()
    assert run.name.startswith("finetune-ner-tiny-")


# Says which modules there are when the first optimizer step is done, and ends.
FIRST_STEP = """
import os, sys
from ftk import cli
from ftk.training.observer import RunObserver
def stepped(self, info):
    sys.stderr.write(" ".join(sys.modules))
    sys.stderr.flush()
    os._exit(0)
RunObserver.stepped = stepped
sys.exit(cli.run(sys.argv[1:]))
"""


@pytest.mark.slow
def test_the_first_step_does_not_wait_for_what_is_needed_later_or_never(toy: tuple[str, ...]) -> None:
    argv = [sys.executable, "-c", FIRST_STEP, "finetune", *FAST, *toy, "run.dir=run"]
    answer = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    modules = set(answer.stderr.splitlines()[-1].split())
    assert "ftk.core.loop" in modules
    assert not {"datasets", "pandas", "pyarrow", "seqeval", "sklearn", "matplotlib", "rich.progress"} & modules


def test_a_used_folder_is_refused_then_replaced(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    assert ftk("finetune", *FAST, *toy, "run.dir=run").code == 0
    again = ftk("finetune", *FAST, *toy, "run.dir=run")
    assert again.code == 1
    assert "the folder is not empty" in again.err
    Path("run/mine.txt").write_text("kept")
    assert ftk("finetune", *FAST, *toy, "run.dir=run", "run.overwrite=true").code == 0
    assert Path("run/mine.txt").read_text() == "kept"
    Path("home").mkdir()
    Path("home/config.yaml").write_text("not: ours\n")
    foreign = ftk("finetune", *FAST, *toy, "run.dir=home", "run.overwrite=true")
    assert foreign.code == 1
    assert "replaces only runs of ftk" in foreign.err


def test_patience_stops_early(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    argv = [*TINY, *toy, "train.epochs=50", "train.patience=2", "optimizer.lr=1e-9", "run.dir=run"]
    assert ftk("finetune", *argv).code == 0
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert metrics["train"]["steps"] == 9
    validations = [event for event in read_jsonl("run/metrics.jsonl") if event["split"] == "validation"]
    assert len({event["f1"] for event in validations}) == 1
    lowest = min(validations, key=lambda event: event["loss"])
    assert metrics["best_step"] == lowest["step"]  # of equal scores the lowest loss is kept


def test_training_without_validation(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    argv = [*TINY, toy[0], "data.validation_share=0", "train.epochs=1", "run.dir=run"]
    result = ftk("finetune", "--json", *argv)
    assert result.code == 0, result.err
    assert result.count(kinds.NO_VALIDATION) == 1
    assert set(json.loads(Path("run/metrics.json").read_text())) == {"best_step", "train"}
    assert Path("run/best/model.safetensors").exists()


def test_an_epoch_limit_in_steps(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    assert ftk("finetune", *TINY, *toy, "train.max_steps=4", "train.eval_every=3", "run.dir=run").code == 0
    assert json.loads(Path("run/metrics.json").read_text())["train"]["steps"] == 4
    short = ftk("finetune", *TINY, *toy, "train.max_steps=4000", "train.epochs=1", "run.dir=short")
    steps = json.loads(Path("short/metrics.json").read_text())["train"]["steps"]
    assert steps < 4000
    assert f"({steps} steps, 1 epoch: train.epochs=1 ends before train.max_steps=4,000)" in short.out.replace("\n", " ")


def test_a_model_that_is_lost_in_its_last_step_is_not_kept(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    result = ftk("finetune", "--json", *TINY, *toy, "train.max_steps=1", "optimizer.lr=1e30", "run.dir=run")
    assert_refused(result, kinds.NOT_FINITE, 16)
    assert not Path("run/best").exists()


@pytest.mark.parametrize("subwords", ["first", "all"])
def test_spans_in_text_are_learned(ftk: Callable[..., Result], subwords: str) -> None:
    rows = []
    for sentence in toy_sentences(48):
        text = " ".join(word for word, _ in sentence)
        end = len(sentence[0][0]) + len(" Berg")
        place = text.index(sentence[4][0])
        spans = [[0, end, "PER"], {"start": place, "end": place + len(sentence[4][0]), "type": "LOC"}]
        rows.append({"id": len(rows), "text": text, "spans": spans})
    data = write_jsonl("spans.jsonl", rows)
    argv = [*TINY, f"data.train={data}", f"data.validation={data}", "train.epochs=5", "run.dir=run"]
    result = ftk("finetune", *argv, f"task.label_subwords={subwords}")
    assert result.code == 0, result.err
    assert json.loads(Path("run/metrics.json").read_text())["validation"]["f1"] > 0.9
    for row, written in zip(rows, read_jsonl("run/predictions/validation.jsonl"), strict=True):
        assert written["id"] == row["id"]
        gold = [(entity["start"], entity["end"], entity["label"]) for entity in written["gold_entities"]]
        assert gold == [(0, len(NAMES[row["id"] % 8]) + 5, "PER"), tuple(row["spans"][1].values())]
        for entity in written["entities"]:
            assert row["text"][entity["start"] : entity["end"]] == entity["text"]


def test_what_a_folder_has_beside_the_data_is_reported(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    Path("data/deep").mkdir(parents=True)
    write_conll("data/train.conll", toy_sentences(8))
    argv = ["--json", *TINY, *toy, "data.train=data", "debug=one-step"]
    beside = ftk("finetune", *argv, "run.dir=run1")
    assert beside.code == 0, beside.err
    unread = beside.found(kinds.ENTRIES_NOT_READ, key="data.train", folder="data").values
    assert (unread["left_out"], unread["entries"]) == (1, 2)
    assert "deep/" in unread["why"]
    Path("data/deep").rmdir()
    alone = ftk("finetune", *argv, "run.dir=run2")
    assert alone.code == 0, alone.err
    assert alone.count(kinds.ENTRIES_NOT_READ) == 0


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("schedule", ["linear", "cosine", "constant", "wsd"])
def test_optimizers_and_schedules_run(
    ftk: Callable[..., Result], toy: tuple[str, ...], optimizer: str, schedule: str
) -> None:
    argv = [*TINY, *toy, f"optimizer={optimizer}", f"schedule={schedule}", "train.max_steps=2", "run.dir=run"]
    assert ftk("finetune", *argv).code == 0


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimizer._target_=torch.optim.Adamw", "cannot be imported"),
        ("optimizer._target_=torch.nn.Linear", "not a torch optimizer"),
        ("+optimizer.momentun=1", "torch.optim.AdamW has no such argument. It takes lr, betas"),
        ("optimizer.betas=[2,3]", "torch.optim.AdamW rejects its settings"),
        ("hardware.device=cuda", "torch sees no GPU here"),
        ("hardware.precision=fp16", "it needs a GPU"),
        ("model.config.hidden_size=63", "63"),
        ("optimizer.lr=1e30", "the loss is nan"),
    ],
)
def test_values_that_only_torch_can_judge(
    ftk: Callable[..., Result], toy: tuple[str, ...], override: str, message: str
) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("these messages are for machines without a GPU")
    result = ftk("finetune", *TINY, *toy, override, "train.max_grad_norm=null")
    assert result.code == 1, result.out
    assert message in result.err
    assert "Traceback" not in result.err


def bad_conll(text: str) -> Callable[[], str]:
    return lambda: write_lines("bad.conll", text.split("\n"))


def binary() -> str:
    Path("bad.conll").write_bytes(bytes(range(256)) * 8)
    return "bad.conll"


@pytest.mark.parametrize(
    ("make", "reason", "parts"),
    [
        (bad_conll("Ada\tB-PER\nwent\n"), "bad.conll:2: 1 columns where line 1 has 2", []),
        (bad_conll("Ada\tB-PER\nwent\t-X\n"), kinds.UNKNOWN_TAG, ["bad.conll:2: '-X' for the token 'went'"]),
        (bad_conll(""), "there is no row in bad.conll", []),
        (bad_conll("Ada\tB-PER\nwent\to\nto\tO\n"), kinds.ANOTHER_OUTSIDE, ["bad.conll:2: 'o'"]),
        (binary, "bad.conll: this is a binary file", []),
        (
            lambda: write_jsonl("bad.jsonl", [{"tokens": ["a", "b"], "tags": ["O"]}]),
            kinds.UNEQUAL_TAGS,
            ["bad.jsonl:1: 2 tokens, 1 tags"],
        ),
        (
            lambda: write_conll("bad.conll", [[("Ada", "B-PER"), ("sees", "O"), ("Mars", "B-PLANET")]]),
            (task_kinds.UNSEEN_ENTITY, {"label": "PLANET", "part": "test"}),
            ["bad.conll:3", "data.unseen_labels=count"],
        ),
    ],
)
def test_broken_test_data_stops_before_anything_is_written(
    ftk: Callable[..., Result], toy: tuple[str, ...], make: Callable[[], str], reason: Reason, parts: list[str]
) -> None:
    path = make()
    before = sorted(Path().rglob("*"))
    result = ftk("finetune", "--json", *FAST, *toy[:2], f"data.test={path}", "data.unseen_labels=error")
    assert_refused(result, reason)
    for part in parts:
        assert part in result.texts
    assert sorted(Path().rglob("*")) == before


def test_unseen_labels_count_as_missed(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    path = write_conll("planets.conll", [[("Ada", "B-PER"), ("Berg", "I-PER"), ("sees", "O"), ("Mars", "B-PLANET")]])
    argv = [*TINY, *toy[:2], f"data.test={path}", "data.unseen_labels=count", "train.epochs=4", "run.dir=run"]
    assert ftk("finetune", *argv).code == 0
    test = json.loads(Path("run/metrics.json").read_text())["test"]
    assert test["per_label"]["PLANET"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}
    assert test["recall"] <= 0.5


@pytest.mark.shared
@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("ner_wnut17/train.conll", "ner_wnut17/dev.conll", "ner_wnut17/test.conll"),
        pytest.param(
            "ner_btc/btc.train.conll", "ner_btc/btc.dev.conll", "ner_btc/btc.test.conll", marks=pytest.mark.slow
        ),
        pytest.param(
            "ner_ncbi_disease/train.conll",
            "ner_ncbi_disease/devel.conll",
            "ner_ncbi_disease/test.conll",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "ner_uner_zh/zh_gsdsimp-ud-train.iob2",
            "ner_uner_zh/zh_gsdsimp-ud-dev.iob2",
            "ner_uner_zh/zh_gsdsimp-ud-test.iob2",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_real_corpora_need_nothing_but_their_paths(
    ftk: Callable[..., Result], train: str, validation: str, test: str
) -> None:
    if not SHARED.is_dir():
        pytest.skip(f"no corpora at {SHARED}")
    paths = [
        f"data.{split}={SHARED / name}"
        for split, name in zip(("train", "validation", "test"), (train, validation, test), strict=True)
    ]
    result = ftk("finetune", *FAST, "data.limit=300", *paths, "run.dir=run")
    assert result.code == 0, result.err
    assert len(read_jsonl("run/predictions/test.jsonl")) == 300


def test_a_stride_too_long_for_the_models_windows_is_refused(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    """Also where data.max_length is left to the model."""
    result = ftk("finetune", *TINY, *toy, "data.stride=600", "run.dir=run")
    assert result.code == 1
    assert "data.stride=600: windows of 128 tokens may share at most half of them: 64." in result.err
    assert not Path("run/best").exists()
