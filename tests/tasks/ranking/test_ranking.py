"""Ranking from the command line: what it learns, saves, finds, and refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conftest import TINY, Reason, assert_refused, read_jsonl, write_jsonl, write_lines
from ftk.contracts import finding_kinds as kinds
from ftk.errors import ConfigError
from ftk.models.loading.verified_folder import write_manifest
from ftk.tasks import finding_kinds as task_kinds
from ranking_rows import FRUIT, TOWNS, ranking_task, sales

FAST = (*TINY, "task=ranking", "train.batch_size=8", "model.dropout=0", "data.max_length=32", "run.dir=run")
trains = pytest.mark.torch


def judged(number: int) -> list[dict]:
    """Lists of two positives and a negative, distinguished by their first word alone."""
    return [
        {
            "query": f"what of {FRUIT[i % 6]}",
            "candidates": [f"bad {TOWNS[i % 4]} news", f"good {TOWNS[i % 4]} news", f"good {FRUIT[i % 5]} news"],
            "labels": [0, 1, 2],
        }
        for i in range(number)
    ]


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    parts = {"train": sales(24), "validation": sales(12), "test": sales(6, 6)}
    return tuple(f"data.{split}={write_jsonl(tmp_path / f'{split}.jsonl', rows)}" for split, rows in parts.items())


@pytest.fixture
def lists(tmp_path: Path) -> tuple[str, ...]:
    parts = {"train": judged(24), "validation": judged(6), "test": judged(7)[1:]}
    return tuple(f"data.{split}={write_jsonl(tmp_path / f'{split}.jsonl', rows)}" for split, rows in parts.items())


def metrics(folder: str = "run") -> dict[str, Any]:
    return json.loads(Path(folder, "metrics.json").read_text())


def vectors_of(folder: str, texts: list[str], *, first: bool = False) -> np.ndarray:
    """What transformers alone makes of texts with the encoder in a folder."""
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    encoder = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        states = [encoder(**tokenizer(text, return_tensors="pt")).last_hidden_state[0] for text in texts]
    vectors = torch.stack([state[0] if first else state.mean(0) for state in states])
    return torch.nn.functional.normalize(vectors, dim=-1).numpy()


@trains
@pytest.mark.slow
def test_a_bi_encoder_learns_and_its_folder_is_a_plain_encoder(ftk, files):
    result = ftk("finetune", "--json", *FAST, *files, "train.epochs=16")
    assert result.code == 0, result.err
    columns = result.found(kinds.COLUMNS_FOUND, "train").values["columns"]
    assert (columns["query"], columns["candidate"]) == ("query", "positive")
    assert metrics()["test"]["mrr"] == metrics()["test"]["recall@1"] == 1.0
    assert metrics()["test"]["candidates"] == 6
    saved = json.loads(Path("run/best/ftk.json").read_text())
    assert (saved["task"]["fields"]["encoder"], saved["task"]["fields"]["pooling"]) == ("bi", "mean")
    rows = read_jsonl("run/predictions/test.jsonl")
    assert [row["id"] for row in rows] == list(range(6, 12))
    queries, answers = (vectors_of("run/best", [row[name] for row in rows]) for name in ("query", "candidate"))
    assert [row["score"] for row in rows] == pytest.approx((queries * answers).sum(-1).tolist(), abs=1e-4)
    again = ftk("evaluate", "checkpoint=run/best", "data.test=test.jsonl", "hardware=cpu", "run.dir=again")
    assert again.code == 0, again.err
    assert metrics("again")["test"] == pytest.approx(metrics()["test"])
    write_jsonl(
        "in.jsonl",
        [
            {
                "query": "who buys plum in lima",
                "candidates": [rows[0]["candidate"], {"text": rows[2]["candidate"], "id": 5}],
                "note": 1,
            }
        ],
    )
    assert ftk("predict", "checkpoint=run/best", "input=in.jsonl", "output=out.jsonl").code == 0
    [record] = read_jsonl("out.jsonl")
    assert record["note"] == 1
    assert [(each["index"], each["text"]) for each in record["candidates"]] == [
        (1, rows[2]["candidate"]),
        (0, rows[0]["candidate"]),
    ]
    assert record["candidates"][0]["id"] == 5
    bare = ftk("predict", "--json", "checkpoint=run/best", f"input={write_jsonl('bare.jsonl', [{'query': 'x'}])}")
    assert bare.code == 1
    assert bare.errors == [(kinds.MISSING_CANDIDATE, 1)]
    assert "task.candidates=" in bare.err


@trains
@pytest.mark.parametrize("pooling", ["mean", "first"])
@pytest.mark.slow
def test_search_finds_what_comparing_all_vectors_finds(ftk, files, pooling):
    assert ftk("finetune", *FAST, *files, "train.max_steps=8", f"task.pooling={pooling}").code == 0
    texts = [f"{fruit} of {town}" for fruit in FRUIT for town in TOWNS]
    write_jsonl("items.jsonl", [{"text": text, "item": number} for number, text in enumerate(texts)])
    queries = ["plum of lima", "who buys pear", "market"]
    rows: list[dict[str, Any]] = [{"query": query, "positive": "kept"} for query in queries]
    write_jsonl("in.jsonl", [*rows, {"query": "plum", "candidates": ["quince", "plum"], "id": 4}])
    argv = ("checkpoint=run/best", "task=ranking", "task.candidates=items.jsonl", "task.top_k=5", "hardware=cpu")
    result = ftk("predict", "--json", *argv, "input=in.jsonl", "output=out.jsonl")
    assert result.code == 0, result.err
    assert result.found(task_kinds.CANDIDATES, file="items.jsonl").values["number_of_rows"] == 24
    assert "vectors of 24 texts are kept" in result.err
    *found, own = read_jsonl("out.jsonl")
    ours = (
        vectors_of("run/best", queries, first=pooling == "first")
        @ vectors_of("run/best", texts, first=pooling == "first").T
    )
    for record, scores in zip(found, ours, strict=True):
        assert record["positive"] == "kept"
        best = np.argsort(-scores)[:5]
        assert [each["score"] for each in record["candidates"]] == pytest.approx(scores[best].tolist(), abs=1e-4)
        assert [each["row"] for each in record["candidates"]] == [number + 1 for number in best]
        assert all(each["text"] == texts[each["item"]] for each in record["candidates"])
    assert sorted(each["text"] for each in own["candidates"]) == ["plum", "quince"]
    assert own["id"] == 4
    again = ftk("predict", *argv, "input=in.jsonl", "output=again.jsonl")
    assert "vectors of 24 texts, made before" in again.err
    assert Path("again.jsonl").read_bytes() == Path("out.jsonl").read_bytes()
    write_jsonl("items.jsonl", [{"text": text, "item": number} for number, text in enumerate([*texts, "plum"])])
    for more in ((), ("data.max_length=8",)):  # other texts; other windows
        other = ftk("predict", *argv, *more, "input=in.jsonl", "output=other.jsonl", "run.overwrite=true")
        assert "vectors of 25 texts are kept" in other.err, other.err
    assert (
        ftk("finetune", *FAST, *files, "train.max_steps=9", "run.overwrite=true", *[f"task.pooling={pooling}"]).code
        == 0
    )
    retrained = ftk("predict", *argv, "input=in.jsonl", "output=other.jsonl", "run.overwrite=true")
    assert "vectors of 25 texts are kept" in retrained.err


@pytest.mark.slow
@trains
def test_a_cross_encoder_ranks_what_a_bi_encoder_found(ftk, files, lists):
    result = ftk("finetune", *FAST, *lists, "task.encoder=cross", "train.epochs=12")
    assert result.code == 0, result.err
    assert metrics()["test"]["ndcg@10"] > 0.9
    assert metrics()["test"]["queries"] == 6
    [record, *_] = read_jsonl("run/predictions/test.jsonl")
    assert [each["index"] for each in record["candidates"]][2] == 0
    assert record["gold_labels"] == [0, 1, 2]
    write_jsonl("train.jsonl", sales(24))
    assert ftk("finetune", *FAST, "data.train=train.jsonl", "train.max_steps=2", "run.dir=bi").code == 0
    write_lines("texts.txt", ["good lima news", "", "bad lima news", "good apple news"])
    write_jsonl("in.jsonl", [{"query": "what of plum", "positive": "?"}])
    argv = ("task=ranking", "task.candidates=texts.txt", "hardware=cpu")
    first = ftk("predict", "--json", "checkpoint=bi/best", *argv, "input=in.jsonl", "output=found.jsonl")
    assert first.code == 0, first.err
    blank = first.found(task_kinds.BLANK_CANDIDATE)
    assert (blank.count, blank.places) == (1, ["texts.txt:2"])
    then = ftk("predict", "checkpoint=run/best", "input=found.jsonl", "output=ranked.jsonl", "hardware=cpu")
    assert then.code == 0, then.err
    direct = ftk("predict", "checkpoint=run/best", *argv, "task.top_k=2", "input=in.jsonl", "output=best.jsonl")
    assert direct.code == 0, direct.err
    [ranked], [best] = read_jsonl("ranked.jsonl"), read_jsonl("best.jsonl")
    assert ranked["positive"] == best["positive"] == "?"
    assert [each["row"] for each in ranked["candidates"]][-1] == 3
    assert len(best["candidates"]) == 2
    for one, other in zip(ranked["candidates"], best["candidates"], strict=False):
        assert one["row"] == other["row"]
        assert one["score"] == pytest.approx(other["score"], abs=1e-4)


@pytest.mark.slow
@trains
@pytest.mark.parametrize("how", ["encoder=bi symmetric=true", "encoder=cross objective=binary sampled_negatives=0"])
def test_labelled_pairs_are_learned_by_their_queries(ftk, how):
    rows = [
        {"query": row["query"], "candidate": text, "label": label}
        for row in judged(12)
        for text, label in zip(row["candidates"], row["labels"], strict=True)
    ]
    data = write_jsonl("pairs.jsonl", rows)
    fields = [f"task.{word}" for word in how.split()]
    files = (f"data.train={data}", f"data.validation={data}")
    result = ftk("finetune", "--json", *FAST, *files, *fields, "train.epochs=40")
    assert result.code == 0, result.err
    assert result.found(task_kinds.PAIRS_GROUPED, "train").values == {"pairs": 36, "queries": 6}
    assert metrics()["validation"]["queries"] == 6
    assert metrics()["validation"]["auc"] > 0.9
    records = read_jsonl("run/predictions/validation.jsonl")
    assert [record["gold_label"] for record in records] == [row["label"] for row in rows]
    assert all(record["candidate"] == row["candidate"] for record, row in zip(records, rows, strict=True))


@trains
@pytest.mark.parametrize("how", ["encoder=cross objective=listwise"])
@pytest.mark.slow
def test_a_run_that_is_resumed_ends_with_the_same_bytes(ftk, how):
    rows = [{**row, "negatives": [f"no {word}" for word in FRUIT[:4]]} for row in sales(24)]
    data = write_jsonl("train.jsonl", rows)
    fields = [f"task.{word}" for word in how.split()]
    argv = ["finetune", *TINY, "task=ranking", f"data.train={data}", *fields, "task.hard_negatives=2", "train.epochs=2"]
    argv += ["train.batch_size=5", "data.max_length=32"]
    assert ftk(*argv, "run.dir=whole").code == 0
    # Killed within a step, after the last save of the one before.
    script = (
        "import os, sys\nfrom ftk import cli\nfrom ftk.tasks.ranking.task import Ranking\n"
        "forward, seen = Ranking.forward, []\n"
        "def counted(self, model, batch):\n"
        "    seen.append(model.training)\n"
        "    if sum(seen) == 8:\n        os.kill(os.getpid(), 9)\n"
        "    return forward(self, model, batch)\n"
        "Ranking.forward = counted\nsys.exit(cli.run(sys.argv[1:]))\n"
    )
    words = [*argv, "run.dir=broken", "train.save_every=2"]
    killed = subprocess.run(
        [sys.executable, "-c", script, *words], capture_output=True, check=False, env={**os.environ}
    )
    assert killed.returncode == -9
    resumed = ftk(*words, "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert "resuming after step" in resumed.out
    for name in ("best", "last"):
        whole, broken = (json.loads(Path(run, name, "ftk.json").read_text()) for run in ("whole", "broken"))
        for saved in (whole, broken):
            saved["files"].pop("trainer.json", None)  # it has the seconds that were spent
        assert whole["files"] == broken["files"]
    one, other = (read_jsonl(f"{run}/predictions/validation.jsonl") for run in ("whole", "broken"))
    assert one == other


@trains
def test_long_texts_are_read_in_windows_of_which_the_mean_or_the_best_counts(ftk, files):
    long = {"query": "who buys plum", "positive": " ".join([*["plum goes to lima"] * 30, "end"])}
    write_jsonl("train.jsonl", [*sales(24), long])
    for encoder, how in (("bi", "mean"), ("cross", "best")):
        argv = (f"task.encoder={encoder}", "train.max_steps=1", "task.validation_candidates=3")
        result = ftk("finetune", "--json", *FAST, *files, *argv, f"run.dir={encoder}")
        assert result.code == 0, result.err
        long = result.found(task_kinds.LONG_CANDIDATE, length=32)
        assert (long.split, long.count, long.policy) == ("train", 1, how)
    assert metrics("cross")["validation"]["candidates"] == 3


@trains
@pytest.mark.slow
def test_what_does_not_go_together_is_refused(ftk, files):
    cut = ftk("finetune", *FAST, *files, "hardware.micro_batch=4")
    assert cut.code == 1
    assert "hardware.micro_batch=4 train.batch_size=8" in cut.err
    assert "compared with each other" in cut.err
    assert "task.texts_at_once=" in cut.err
    cross = ftk("finetune", *FAST, *files, "hardware.micro_batch=4", "task.encoder=cross", "train.max_steps=1")
    assert cross.code == 0, cross.err
    fitted = ftk("finetune", "task=ranking", "task.encoder=cross", "model=tfidf-linear", *files, "run.dir=fitted")
    assert fitted.code == 1
    assert "needs a label" in fitted.err
    found = ftk("finetune", *FAST, *files, f"task.candidates={write_lines('c.txt', ['a'])}", "run.dir=other")
    assert found.code == 1
    assert "task.candidates=c.txt: only 'ftk predict' reads it" in found.err
    scored = ftk("evaluate", "checkpoint=run/best", "task=ranking", "task.candidates=c.txt", "data.test=test.jsonl")
    assert scored.code == 1
    assert "only 'ftk predict' reads it" in scored.err
    missing = ftk("predict", "checkpoint=run/best", "task=ranking", "task.candidates=d.txt", "input=test.jsonl")
    assert missing.code == 1
    assert "Did you mean 'c.txt'?" in missing.err
    write_lines("empty.txt", ["", ""])
    empty = ftk("predict", "checkpoint=run/best", "task=ranking", "task.candidates=empty.txt", "input=test.jsonl")
    assert empty.code == 1
    assert "task.candidates=empty.txt: there is no candidate in it" in empty.err
    write_jsonl("numbers.jsonl", [{"text": "a"}, {"text": 3}])
    argv = ("checkpoint=run/best", "task=ranking", "task.candidates=numbers.jsonl", "input=test.jsonl")
    number = ftk("predict", "--json", *argv)
    assert (number.code, number.errors) == (1, [(kinds.NOT_A_STRING, 1)])
    assert "numbers.jsonl:2" in number.err


@trains
def test_a_model_folder_may_not_name_a_file_of_candidates(ftk, files):
    assert ftk("finetune", *FAST, *files, "train.max_steps=1").code == 0
    saved = json.loads(Path("run/best/ftk.json").read_text())
    saved["task"]["fields"]["candidates"] = write_lines("secret.txt", ["mine"])
    Path("run/best/ftk.json").unlink()
    write_manifest(Path("run/best"), {name: value for name, value in saved.items() if name != "check"})
    result = ftk("predict", "checkpoint=run/best", "input=test.jsonl")
    assert result.code == 1
    assert "a model folder names no file of yours" in result.err
    assert "mine" not in result.out


@trains
def test_too_little_memory_for_a_batch_that_is_not_cut_is_reported(ftk, files, monkeypatch):
    import torch

    from ftk.tasks.ranking.task import Ranking

    def full(self, model, batch):
        raise torch.OutOfMemoryError("no room")

    monkeypatch.setattr(Ranking, "forward", full)
    result = ftk("finetune", *FAST, *files)
    assert result.code == 1
    assert "a batch of 8 rows does not fit into memory" in result.err
    assert "task.texts_at_once=" in result.err


@trains
def test_training_without_anything_right_or_with_one_answer_for_all_is_refused(ftk):
    rows = [{**row, "labels": [0, 0, 0]} for row in judged(8)]
    nothing = ftk("finetune", *FAST, f"data.train={write_jsonl('none.jsonl', rows)}")
    assert nothing.code == 1
    assert "no row has a positive" in nothing.err
    data = write_jsonl("some.jsonl", [*rows, *judged(24)[8:]])
    some = ftk("finetune", "--json", *FAST, f"data.train={data}", "train.max_steps=1")
    assert some.code == 0, some.err
    assert some.found(task_kinds.QUERY_WITHOUT_RIGHT).count == 7
    same = [{"query": row["query"], "positive": "yes"} for row in sales(12)]
    one = ftk("finetune", *FAST, f"data.train={write_jsonl('same.jsonl', same)}", "run.dir=other")
    assert one.code == 1
    assert "all rows have the same positive" in one.err


BROKEN: dict[str, tuple[list[dict], Reason]] = {
    "no row": ([], "data.train"),
    "no query": ([{"positive": "a"}], (kinds.MISSING, {"role": "query"})),
    "no positive": ([{"query": "q"}], (kinds.MISSING, {"role": "candidate"})),
    "positive is null": ([{"query": "q", "positive": None}], (kinds.NOT_A_STRING, {"role": "candidate"})),
    "positive is empty": ([{"query": "q", "positive": ""}], (kinds.EMPTY_PART, {"role": "candidate"})),
    "nothing is right": (
        [{"query": query, "candidates": ["a", "b"], "labels": [0, 0]} for query in ("q", "r")],
        "no row has a positive",
    ),
    "labels are missing": ([{"query": "q", "candidates": ["a", "b"]}], kinds.MISSING_CANDIDATE_LABELS),
    "a label too few": ([{"query": "q", "candidates": ["a", "b"], "labels": [1]}], kinds.UNEQUAL_LABELS),
    "a label is a word": ([{"query": "q", "candidate": "a", "label": "good"}], kinds.NOT_A_GRADE),
    "a candidate without a text": (
        [{"query": "q", "candidates": [{"id": 1}, "b"], "labels": [1, 0]}],
        kinds.NOT_A_CANDIDATE,
    ),
    "two candidates of one id": (
        [{"query": "q", "candidates": [{"id": 1, "text": "a"}, {"id": 1, "text": "b"}], "labels": [1, 0]}],
        kinds.REPEATED_CANDIDATE_ID,
    ),
    "an empty list": ([{"query": "q", "candidates": [], "labels": []}], kinds.NO_CANDIDATES),
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_broken_training_files_are_reported(ftk, name):
    rows, what = BROKEN[name]
    result = ftk("finetune", "--json", *FAST, f"data.train={write_jsonl('train.jsonl', rows)}")
    assert_refused(result, what)
    if rows and name != "nothing is right":
        assert "train.jsonl:1" in result.err


@pytest.mark.slow
@trains
def test_validation_without_anything_right_is_reported(ftk, lists):
    nothing = write_jsonl("nothing.jsonl", [{**row, "labels": [0, 0, 0]} for row in judged(4)])
    trained, scored = lists[0], f"data.test={nothing}"
    for encoder in ("bi", "cross"):
        words = (*FAST, trained, f"task.encoder={encoder}", "train.max_steps=1", "run.overwrite=true")
        refused = ftk("finetune", *words, f"data.validation={nothing}")
        assert refused.code == 1
        assert "validation" in refused.err
        assert "no row has a positive" in refused.err
        assert ftk("finetune", *words).code == 0
        told = ftk("evaluate", "checkpoint=run/best", scored, "hardware=cpu", "run.dir=again", "run.overwrite=true")
        assert told.code == 1
        assert "no row has a positive" in told.err


def test_a_cross_encoder_without_anything_wrong_is_refused_with_the_other_mistakes(ftk, files):
    none = ("task.hard_negatives=0", "task.sampled_negatives=0")
    result = ftk("finetune", *FAST, *files, "task.encoder=cross", *none, "task.temperature=0")
    assert result.code == 1
    assert "2 mistakes" in result.err
    assert "task.temperature=0.0" in result.err
    assert "task.hard_negatives=0 task.sampled_negatives=0" in result.err
    assert "needs negatives to learn from" in result.err
    assert ranking_task(encoder="bi", hard_negatives=0, sampled_negatives=0).hard_negatives == 0
    few = ftk("finetune", *FAST, *files, "task.encoder=cross", none[1])
    assert few.code == 1
    assert "data.train: no row has a negative" in few.err


@trains
def test_a_cross_encoder_learns_queries_whose_candidates_are_all_wrong(ftk):
    rows = [{**row, "labels": [0, 0, 0] if number % 2 else row["labels"]} for number, row in enumerate(judged(24))]
    data = write_jsonl("train.jsonl", rows)
    words = ("task.encoder=cross", "task.objective=binary", "task.hard_negatives=0", "train.batch_size=1")
    result = ftk("finetune", *FAST, *words, f"data.train={data}", f"data.validation={data}", "train.max_steps=24")
    assert result.code == 0, result.err


@trains
def test_what_a_file_of_candidates_has_too_much_of_is_reported(ftk, files):
    assert ftk("finetune", *FAST, *files, "task.encoder=cross", "train.max_steps=1").code == 0
    long = " ".join(["plum goes to lima"] * 30)
    write_jsonl("items.jsonl", [{"text": "plum", "row": "A-1", "id": 4}, {"text": long, "score": 99}])
    write_lines("asked.txt", ["[]", '["who", "where"]', f"[{'1' * 5000}]"])
    argv = ("checkpoint=run/best", "hardware=cpu")
    result = ftk(
        "predict",
        "--json",
        *argv,
        "task=ranking",
        "task.candidates=items.jsonl",
        "input=asked.txt",
        "output=found.jsonl",
    )
    assert result.code == 0, result.err
    long = result.found(task_kinds.LONG_CANDIDATE, length=32)
    assert (long.count, long.policy) == (3, "best")
    for column in ("row", "score"):
        assert result.found(task_kinds.REPLACED_CANDIDATE_COLUMN, column=column).count == 1
    found = read_jsonl("found.jsonl")
    assert [record["query"] for record in found] == Path("asked.txt").read_text().splitlines()
    assert {(each["row"], each.get("id")) for each in found[0]["candidates"]} == {(1, 4), (2, None)}
    again = ftk("predict", "--json", *argv, "input=found.jsonl", "output=ranked.jsonl")
    assert again.code == 0, again.err
    assert again.found(kinds.OWN_COLUMN, column="score").count == 3


@pytest.mark.parametrize(
    "field",
    [
        "temperature: 0",
        "hard_negatives: -1",
        "sampled_negatives: -1",
        "validation_candidates: 1",
        "texts_at_once: 0",
        "top_k: 0",
    ],
)
def test_values_that_mean_nothing_are_refused(field):
    name, value = field.split(": ")
    with pytest.raises(
        ConfigError, match=rf"task\.{name}={float(value) if name == 'temperature' else value}: it must be"
    ):
        ranking_task(**{name: int(value)})
