"""Summaries and translations from the command line: what is learned, generated, scored, said and refused."""

import json
import re
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conftest import Reason, assert_refused, read_jsonl, run_ftk, write_jsonl, write_lines
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Encoding, Reading
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.tasks import build_task
from ftk.tasks import finding_kinds as task_kinds
from sequence_runs import FAST, WORDS, number_files, numbers

pytestmark = pytest.mark.torch
MODELS = ["t5-tiny", "bart-tiny", "marian-tiny", "encoder-decoder", "pointer-generator"]
SLOW_MODELS = ("bart-tiny", "marian-tiny", "encoder-decoder", "pointer-generator")
"""Those that generate in the slow tests alone."""
SEARCHES: list[dict[str, Any]] = [{"num_beams": 3, "max_new_tokens": 12, "length_penalty": 2.0}]
SLOW_SEARCHES: list[dict[str, Any]] = [
    {"num_beams": 1, "max_new_tokens": 12},
    {"num_beams": 1, "max_new_tokens": 16, "no_repeat_ngram_size": 2},
]


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.slow if name in SLOW_MODELS else ()) for name in MODELS],
)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A model of each architecture that has learned a little, and rows for it in every order of lengths."""
    import os

    folder = tmp_path_factory.mktemp(request.param)
    before = Path.cwd()
    os.chdir(folder)
    try:
        model: tuple[str, ...] = (f"model={request.param}",)
        if request.param in MODELS[-2:]:
            write_lines("texts.txt", [f"{row['source']} {row['target']}" for row in numbers(64, 3)])
            argv = ["pretrain", "model=tiny", "data.train=texts.txt", "train.max_steps=2", "data.documents=line"]
            argv.append("+model.config.initializer_range=0.2")  # so narrow a model would learn nothing in so few steps
            assert run_ftk(*argv, "hardware=cpu", "hardware.threads=1", "run.dir=pretrained") == 0
            model = (*model, "model.name=pretrained/best", "model.default_lr=3e-3")
        argv = ["finetune", "task=translation", *model, *FAST, *number_files(), "train.epochs=6", "task.num_beams=1"]
        assert run_ftk(*argv, "train.eval_every=100", "run.dir=run") == 0
    finally:
        os.chdir(before)
    return SimpleNamespace(name=request.param, folder=folder, best=folder / "run" / "best")


def predicted(ftk: Any, run: SimpleNamespace, *words: str) -> list[dict[str, Any]]:
    argv = (
        f"checkpoint={run.best}",
        f"input={run.folder / 'test.jsonl'}",
        "output=out.jsonl",
        "hardware=cpu",
        "run.overwrite=true",
    )
    result = ftk("predict", *argv, *words)
    assert result.code == 0, result.err
    return read_jsonl("out.jsonl")


@pytest.mark.parametrize(
    "search",
    [*SEARCHES, *(pytest.param(search, marks=pytest.mark.slow) for search in SLOW_SEARCHES)],
    ids=lambda search: f"{search['num_beams']}-{len(search)}",
)
def test_what_is_generated_is_what_transformers_generates_of_each_row_alone(ftk, run, search):
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    model = AutoModelForSeq2SeqLM.from_pretrained(run.best).eval()
    tokenizer = AutoTokenizer.from_pretrained(run.best)
    words = [f"task.{name}={value}" for name, value in search.items()]
    together = predicted(ftk, run, "task=translation", *words)
    alone = predicted(ftk, run, "task=translation", *words, "hardware.eval_tokens=1")
    assert [record["target"] for record in together] == [record["target"] for record in alone]
    rows = read_jsonl(run.folder / "test.jsonl")
    assert [(record["id"], record["source"]) for record in together] == [(row["id"], row["source"]) for row in rows]
    for record in together:
        given = tokenizer(record["source"], return_tensors="pt", truncation=True, max_length=32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            [ids] = model.generate(given.input_ids, attention_mask=given.attention_mask, **search)
        assert record["target"] == tokenizer.decode(ids, skip_special_tokens=True).strip()
        assert record.get("unfinished", False) == (len(ids) - 1 >= search["max_new_tokens"])
    assert len({record["target"] for record in together}) > 1


def test_the_loss_is_that_of_transformers_with_the_targets_given(run):
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    from ftk.contracts.values import WindowPlan

    model = AutoModelForSeq2SeqLM.from_pretrained(run.best).eval()
    tokenizer = AutoTokenizer.from_pretrained(run.best)
    rows = [Row(row, "rows.jsonl", number) for number, row in enumerate(numbers(6, 9))]
    for smoothing in (0.0, 0.2):
        task = build_task({**shipped("translation"), "label_smoothing": smoothing})
        examples = task.read(rows, Reading({}, True, Notes()))
        features = task.features(examples, Encoding(tokenizer, None, WindowPlan.of(32, None), Notes()))
        batch = task.collate(features, range(6), None)
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of how encoder-decoders took labels once
            loss = task.loss(task.forward(model, batch), batch)
            said = model(**batch.inputs, labels=batch.targets["labels"])
        label = batch.targets["labels"].flatten()
        logits = said.logits.flatten(0, 1)[label != -100]
        expected = torch.nn.functional.cross_entropy(logits, label[label != -100], label_smoothing=smoothing)
        assert loss.sum.item() / loss.count == pytest.approx(expected.item(), rel=1e-4)
        if not smoothing:
            assert expected.item() == pytest.approx(said.loss.item(), rel=1e-4)
        ends = [features.columns["labels"][number][-1] for number in range(6)]
        assert set(ends) == {tokenizer.eos_token_id if tokenizer.eos_token_id is not None else tokenizer.sep_token_id}


def test_a_model_folder_opens_with_transformers_and_says_how_it_generates(run):
    said = json.loads((run.best / "generation_config.json").read_text())
    assert (said["num_beams"], said["max_new_tokens"]) == (1, 16)
    config = json.loads((run.best / "config.json").read_text())
    assert config["model_type"].removeprefix("ftk-") == run.name.removesuffix("-tiny")
    metrics = json.loads((run.folder / "run" / "metrics.json").read_text())
    assert {"loss", "bleu", "chrf", "unfinished", "scored"} <= set(metrics["test"])
    assert metrics["test"]["scored"] == 12


def test_as_many_tokens_can_be_written_as_a_decoder_counts_and_many_beams_are_searched_row_by_row(run):
    import torch
    from transformers import AutoModelForSeq2SeqLM

    from ftk.models.forward.generation import decoder_limit, generate

    model = AutoModelForSeq2SeqLM.from_pretrained(run.best).eval()
    tokens = model.get_input_embeddings().num_embeddings
    source = torch.randint(4, tokens, (3, 6), generator=torch.Generator().manual_seed(3))
    inputs = {"input_ids": source, "attention_mask": torch.ones_like(source)}
    together = generate(model, inputs, {"num_beams": 300, "max_new_tokens": 3})
    for row, found in enumerate(together):
        alone = {name: tensor[row : row + 1] for name, tensor in inputs.items()}
        assert generate(model, alone, {"num_beams": 300, "max_new_tokens": 3})[0].tolist() == found.tolist()
    if (limit := decoder_limit(model)) is None:
        assert run.name == "t5-tiny"
        return
    model.generation_config.eos_token_id = 1_000_000  # which is never written
    (longest, *_) = generate(model, inputs, {"num_beams": 1, "max_new_tokens": limit})
    assert (longest[0], len(longest) - 1) == (1, limit)


def test_what_an_architecture_does_not_train_stays_untrained_when_a_run_is_resumed(run):
    from transformers import AutoModelForSeq2SeqLM

    from ftk.models.loading.load import load_weights
    from ftk.models.loading.source import reopen_model

    source = reopen_model(run.best, None)
    again = load_weights(source, "AutoModelForSeq2SeqLM", seed=1).model
    built = AutoModelForSeq2SeqLM.from_config(source.config)
    fixed = {name for name, parameter in built.named_parameters() if not parameter.requires_grad}
    assert {name for name, parameter in again.named_parameters() if not parameter.requires_grad} == fixed
    assert bool(fixed) == (run.name == "marian-tiny")  # whose positions are sines


@pytest.mark.parametrize("split", ["validation", "test"])
def test_a_split_of_which_nothing_can_be_read_has_no_scores(ftk, split):
    empty = write_jsonl("empty_rows.jsonl", [{"source": " ", "target": ""}] * 3)
    argv = ("task=translation", "model=bart-tiny", *FAST, *number_files(), f"data.{split}={empty}")
    result = ftk("finetune", *argv, "run.dir=run")
    assert result.code == 1
    assert f"data.{split}: every row is empty after tokenization." in result.err
    assert "Traceback" not in result.err


@pytest.mark.slow
@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_what_is_not_named_of_the_task_is_as_in_training(ftk, tmp_path, command):
    argv = ("task=translation", "model=bart-tiny", *FAST, *number_files(), "train.epochs=3")
    trained = ("task.source_prefix='say: '", "task.num_beams=1", "task.max_new_tokens=12")
    result = ftk("finetune", *argv, *trained, "run.dir=run")
    assert result.code == 0, result.err
    where = "data.test=test.jsonl" if command == "evaluate" else "input=test.jsonl"
    own = tmp_path / "own" / "task"
    own.mkdir(parents=True)
    (own / "beams.yaml").write_text("defaults: [translation]\nnum_beams: 2\nsource_prefix: 'say: '\n")

    def told(*words: str) -> tuple[list[str], list[str]]:
        """The targets, and the fields that are said to be as in training."""
        place = ("run.dir=scored",) if command == "evaluate" else ("output=out.jsonl",)
        argv = ("--json", "checkpoint=run/best", where, "hardware=cpu", "run.overwrite=true", *place, *words)
        result = ftk(command, *argv)
        assert result.code == 0, result.err
        written = "scored/predictions/test.jsonl" if command == "evaluate" else "out.jsonl"
        fields = [one.values["fields"] for one in result.findings if one.kind == kinds.FIELDS_OF_TRAINING]
        return [record["target"] for record in read_jsonl(written)], fields

    plain, said = told()
    assert said == []
    again, [fields] = told("task=translation")
    assert again == plain
    assert fields.endswith("num_beams=1, max_new_tokens=12")
    shorter, [fields] = told("task=translation", "task.max_new_tokens=2")
    assert shorter != plain
    assert "max_new_tokens" not in fields
    assert told("task=translation", "task.source_prefix=''")[0] != plain
    _, said = told("--config-dir", "own", "task=beams")  # a file of the user's says what he wants
    assert said == []


def shipped(name: str) -> dict[str, Any]:

    from ftk.config.paths import values_of

    return values_of(f"task/{name}")


@pytest.mark.slow
def test_the_encoder_keeps_its_weights_and_the_decoder_is_new(ftk, tmp_path):
    from safetensors.torch import load_file

    write_lines("texts.txt", [" ".join(WORDS)] * 4)
    argv = ("model=tiny", "data.train=texts.txt", "train.max_steps=1", "hardware=cpu", "data.documents=line")
    assert ftk("pretrain", *argv, "run.dir=pretrained").code == 0
    argv = ("task=summarization", "model=encoder-decoder", "model.name=pretrained/best", "train.max_steps=1")
    decoder = ("+model.config.decoder.num_hidden_layers=1", "model.decoder_init=random")
    result = ftk("finetune", *argv, *decoder, *FAST, *number_files(), "optimizer.lr=1e-30", "run.dir=run")
    assert result.code == 0, result.err
    assert "the weights cover the encoder; the rest of the encoder-decoder is initialised from the seed" in result.out
    before, after = load_file("pretrained/best/model.safetensors"), load_file("run/best/model.safetensors")
    shared = {name: name.replace("bert.", "encoder.", 1) for name in before if name.startswith("bert.")}
    assert len(shared) > 10
    for name, other in shared.items():
        assert (before[name] - after[other]).abs().max() < 1e-12, name  # but for the one step
    assert {name.split(".")[4] for name in after if name.startswith("decoder.bert.encoder.layer.")} == {"0"}
    result = ftk("finetune", *argv, *FAST, *number_files(), "+model.config.decoder.layers=1", "run.dir=other")
    assert result.code == 1
    assert "model.config.decoder.layers=1: the config of bert has no key 'layers'" in result.err


@pytest.mark.slow
def test_validations_generate_as_seldom_and_as_few_rows_as_configured(ftk):
    argv = ("task=translation", "model=bart-tiny", *FAST, *number_files(), "train.max_steps=5", "train.eval_every=1")
    few = ("task.generate_every=2", "task.generate_rows=5", "task.num_beams=1", "run.dir=run")
    result = ftk("finetune", *argv, *few)
    assert result.code == 0, result.err
    events = [event for event in read_jsonl("run/metrics.jsonl") if event["split"] == "validation"]
    assert [event.get("scored") for event in events] == [None, 5, None, 5, 5]  # the last one, too
    losses = [event["loss"] for event in events]
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert metrics["validation"]["scored"] == 12
    at = metrics["best_step"] - 1
    assert events[at]["bleu"] == max(event["bleu"] for event in events if "bleu" in event)
    assert metrics["validation"]["loss"] == pytest.approx(losses[at], abs=1e-5)  # over all rows at each of them
    result = ftk("finetune", *argv, "task.generate_every=null", "task.num_beams=1", "run.dir=loss")
    assert result.code == 0, result.err
    events = [event for event in read_jsonl("loss/metrics.jsonl") if event["split"] == "validation"]
    assert [set(event) for event in events] == [{"step", "split", "loss"}] * 5
    metrics = json.loads(Path("loss/metrics.json").read_text())
    assert events[metrics["best_step"] - 1]["loss"] == min(event["loss"] for event in events)
    assert metrics["test"]["scored"] == 12


def test_predictions_come_before_all_rows_are_generated(run, monkeypatch):
    from ftk.models.forward import generation

    generated: list[int] = []
    original = generation.generate

    def counted(model, inputs, settings, *others):
        generated.append(len(inputs["input_ids"]))
        return original(model, inputs, {**settings, "max_new_tokens": 2}, *others)

    monkeypatch.setattr(generation, "generate", counted)
    task, evaluator, tokenizer, plan = opened(run)
    rows = [Row(row, "rows.jsonl", number) for number, row in enumerate(numbers(300, 5), start=1)]
    examples = task.read(rows, Reading({}, False, Notes()))
    predictions = evaluator.predictions(examples, task.features(examples, Encoding(tokenizer, None, plan, Notes())))
    next(predictions)
    assert 0 < sum(generated) <= task.spec.rows_at_once
    assert len(list(predictions)) == 299
    assert sum(generated) == 300


def opened(run: SimpleNamespace) -> tuple[Any, ...]:
    from ftk.commands.checks.values import check_values
    from ftk.config.compose import compose
    from ftk.inference.checkpoint import Checkpoint
    from ftk.inference.manifest import task_of
    from ftk.models.loading.verified_folder import verify_folder
    from ftk.report.console import Console

    argv = [f"checkpoint={run.best}", f"input={run.folder / 'test.jsonl'}", "hardware=cpu", "hardware.threads=1"]
    config = compose("predict", argv, check=check_values).config
    checkpoint = Checkpoint.open(
        run.best, task_of(verify_folder(run.best), None, None, str(run.best), Notes()), config.data
    )
    runner = checkpoint.runner(checkpoint.task, config.hardware, Console(stderr=True))
    return checkpoint.task, runner, checkpoint.source.tokenizer, checkpoint.windows


def test_rows_of_every_form_are_predicted_in_order_and_long_ones_are_counted(ftk, run):
    long = " ".join(["one two"] * 40)
    rows = [{"source": "one two", "n": 1}, {"source": "", "n": 2}, {"source": long, "n": 3}, {"source": "ten", "n": 4}]
    write_jsonl("in.jsonl", rows)
    write_lines("in.txt", [row["source"] for row in rows])
    write_lines("in.csv", ["n,text", *(f'{row["n"]},"{row["source"]}"' for row in rows)])
    found = {}
    for ending in ("jsonl", "txt", "csv"):
        result = ftk(
            "predict",
            "--json",
            f"checkpoint={run.best}",
            f"input=in.{ending}",
            "output=out.jsonl",
            "hardware=cpu",
            "run.overwrite=true",
        )
        assert result.code == 0, result.err
        long = result.found(task_kinds.LONG_SOURCE, length=32)
        assert (long.count, long.policy) == (1, "first")
        found[ending] = read_jsonl("out.jsonl")
        assert [record["source"] for record in found[ending]] == [row["source"] for row in rows]
        assert found[ending][1]["target"] == ""
    targets = {ending: [record["target"] for record in records] for ending, records in found.items()}
    assert targets["jsonl"] == targets["txt"] == targets["csv"]
    assert [record["n"] for record in found["jsonl"]] == [1, 2, 3, 4]
    assert [record["n"] for record in found["csv"]] == ["1", "2", "3", "4"]


def test_drawn_texts_are_the_same_each_time(ftk, run):
    words = ("task=translation", "task.do_sample=true", "task.num_beams=1", "task.max_new_tokens=12")
    assert predicted(ftk, run, *words) == predicted(ftk, run, *words)


def test_targets_that_are_longer_are_cut_and_have_no_end(run):
    from transformers import AutoTokenizer

    from ftk.contracts.values import WindowPlan

    tokenizer, notes = AutoTokenizer.from_pretrained(run.best), Notes()
    task = build_task({**shipped("summarization"), "max_target_length": 6})
    rows = [{"source": "a", "target": "eins"}, {"source": "b", "target": " ".join(WORDS.values())}]
    examples = task.read([Row(row, "r.jsonl", n) for n, row in enumerate(rows, 1)], Reading({}, True, notes))
    features = task.features(examples, Encoding(tokenizer, None, WindowPlan.of(32, None), notes))
    short, long = (features.columns["labels"][number].tolist() for number in (0, 1))
    assert (short[-1] in tokenizer.all_special_ids, long[-1] in tokenizer.all_special_ids) == (True, False)
    assert len(long) == 6
    [cut] = [finding for finding in notes if finding.kind.id == "long-target"]
    assert (cut.count, cut.values) == (1, {"most": 6})


MISTAKES: dict[str, tuple[Reason, tuple[str, ...]]] = {
    "no such key": ("There is no key 'task.num_beam' .* Did you mean 'task.num_beams'", ("task.num_beam=3",)),
    "no beams": ("task.num_beams=0.*It must be at least 1", ("task.num_beams=0",)),
    "too many beams": ("task.num_beams=1001.*1,000 at the most", ("task.num_beams=1001",)),
    "no number": ("task.num_beams=two", ("task.num_beams=two",)),
    "a penalty without beams": (
        "task.length_penalty=2.0 needs beam search; set task.num_beams=2",
        ("task.num_beams=1", "task.length_penalty=2"),
    ),
    "behind the last position": (
        "task.max_new_tokens=513: .* 512 positions.* at most 512",
        ("task.max_new_tokens=513",),
    ),
    "all of it smoothed": ("task.label_smoothing=1.0.*below 1", ("task.label_smoothing=1",)),
    "no room in a target": ("task.max_target_length=1: no token fits", ("task.max_target_length=1",)),
    "a long source": ((task_kinds.LONG_SOURCE, {"length": 32}), ("task.long_sources=error",)),
    "an encoder alone": (
        "model.config.model_type=bert\n +It generates no text.*model=encoder-decoder",
        ("model=tiny",),
    ),
    "nothing in the file": ("no row in empty.jsonl; the file is empty", ("data.train=empty.jsonl",)),
    "no such column": ((kinds.MISSING_COLUMN, {"column": "body"}), ("data.columns.source=body",)),
    "no words": ("_words=klingon.*[Ii]t must be auto, ", ("WORDS=klingon",)),
}


@pytest.mark.parametrize("task", ["summarization", "translation"])
@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_reported_before_a_step_is_made(ftk, task, mistake):
    reason, words = MISTAKES[mistake]
    Path("empty.jsonl").write_text("")
    rows = [*numbers(3, 0), {"source": "ten " * 60, "target": "zehn"}]
    data = f"data.train={write_jsonl('long.jsonl', [rows[0], rows[3], *rows[1:3]])}"
    key = {"summarization": "task.rouge_words", "translation": "task.bleu_words"}[task]
    words = tuple(word.replace("WORDS", key) for word in words)
    argv = (f"task={task}", "model=bart-tiny", data, "hardware=cpu", "data.max_length=32", "run.dir=run")
    result = ftk("finetune", "--json", *argv, "data.validation_share=0", *words)
    if isinstance(reason, str):
        assert result.code == 1
        assert re.search(reason, result.texts, re.DOTALL), result.err
        assert "Traceback" not in result.err
    else:
        assert_refused(result, reason, count=4 if mistake == "no such column" else 1)
        [*_, place] = result.findings[-1].places
        assert place.endswith("has source, target") if mistake == "no such column" else place == "long.jsonl:2"
    assert "train" not in {event["type"] for event in result.events}


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_checkpoint_is_not_asked_for_more_than_its_positions(ftk, run, command):
    if run.name in ("t5-tiny", *MODELS[-2:]):
        pytest.skip("it counts as far as one likes, or as its encoder was made")
    where = "data.test" if command == "evaluate" else "input"
    argv = (f"checkpoint={run.best}", f"{where}={run.folder / 'test.jsonl'}", "hardware=cpu")
    result = ftk(command, *argv, "task=translation", "task.max_new_tokens=600")
    assert result.code == 1
    assert "task.max_new_tokens=600: this model's decoder has 512 positions" in result.err
    assert "Traceback" not in result.err
