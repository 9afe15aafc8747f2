"""What stands before texts: prefixes of the config, of the files of a model, and of the folder of a trained one."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from conftest import Result, read_jsonl, write_conll, write_jsonl
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.text_prefix import TextPrefix
from ftk.contracts.values import WindowPlan
from ftk.data.text.text_windows import TextEncoder
from ftk.models.loading.sentence_encoder import sentence_encoder_in
from small_models import TOKENIZERS, make_tokenizer, save_model_folder

Ftk = Callable[..., Result]
BOTH = TextPrefix(text="to: ", pair="by: ", query="to: ", candidate="by: ")
NAMED = 'model.text_prefix={text: "to: ", pair: "by: ", query: "to: ", candidate: "by: "}'
CPU = ("hardware=cpu", "hardware.precision=fp32", "hardware.threads=1")
FAST = (*CPU, "train.max_steps=3", "train.batch_size=4", "run.curves=false", "run.report=false", "model=auto")
NAMES = ["Ada", "Boris", "Chen", "Dora"]
ROWS = [
    {"text": f"{name} went to {place} again", "label": place} for name in NAMES for place in ("Oslo", "Lima", "Accra")
]
QUERIES = [
    {"query": f"{name} to Oslo", "positive": f"{name} went by train", "negatives": [f"{name} to Oslo", "hello world"]}
    for name in NAMES
]


def by_hand(rows: Sequence[dict[str, Any]], prefix: TextPrefix) -> list[dict[str, Any]]:
    """The rows with the prefixes written into their texts."""
    roles = {"text": prefix.text, "pair": prefix.pair, "query": prefix.query}
    roles |= dict.fromkeys(("positive", "negatives", "candidate"), prefix.candidate)

    def written(key: str, value: Any) -> Any:
        if key not in roles:
            return value
        return [roles[key] + one for one in value] if isinstance(value, list) else roles[key] + value

    return [{key: written(key, value) for key, value in row.items()} for row in rows]


@pytest.mark.torch
@pytest.mark.parametrize("kind", sorted(set(TOKENIZERS.values())))
@pytest.mark.parametrize("prefix", ["to: ", "to:"])
def test_sub_words_are_those_of_prefix_and_text_and_offsets_those_of_the_text(kind: str, prefix: str) -> None:
    tokenizer, texts = make_tokenizer(kind), ["Ada went to Oslo", " hello", "world "]
    plan = WindowPlan(24, 4, prefix=TextPrefix(text=prefix))
    encoder = TextEncoder(tokenizer, plan, pairs=False)
    for text, (ids, offsets) in zip(texts, encoder.tokens(texts, role="text", offsets=True), strict=True):
        whole = tokenizer(prefix + text, add_special_tokens=False, return_offsets_mapping=True)
        assert ids.tolist() == whole["input_ids"]
        for (begin, end), (start, stop) in zip(offsets.tolist(), whole["offset_mapping"], strict=True):
            if end < 0:
                assert stop <= len(prefix)
            else:
                assert text[begin:end] == (prefix + text)[max(start, len(prefix)) : stop]
    assert [ids.tolist() for ids, _ in encoder.tokens(texts, role="pair")] == [
        ids.tolist() for ids, _ in encoder.tokens(texts)
    ]


@pytest.mark.torch
def test_long_texts_have_the_prefix_once_and_texts_that_bring_it_are_counted() -> None:
    tokenizer, notes = make_tokenizer("wordpiece"), Notes()
    encoder = TextEncoder(tokenizer, WindowPlan(12, 2, prefix=TextPrefix(text="by ")), pairs=False, notes=notes)
    ids, again = (ids for ids, _ in encoder.tokens(["Oslo Lima " * 12, "by train"], role="text"))
    windows = encoder.windows(ids)
    [by] = tokenizer("by", add_special_tokens=False)["input_ids"]
    assert len(windows) > 2
    assert [int((window.input_ids == by).sum()) for window in windows] == [1] + [0] * (len(windows) - 1)
    assert int((again == by).sum()) == 2
    assert [(found.kind, found.count) for found in notes] == [(kinds.PREFIXED_TWICE, 1)]


_SETTINGS: dict[str, tuple[dict[str, Any], TextPrefix]] = {
    "by role": ({"prompts": {"query": "q: ", "passage": "p: "}}, TextPrefix(query="q: ", candidate="p: ")),
    "document before passage": ({"prompts": {"document": "d: ", "passage": "p: "}}, TextPrefix(candidate="d: ")),
    "an empty one is none": (
        {"prompts": {"query": "q: ", "document": ""}, "default_prompt_name": "query"},
        TextPrefix(text="q: ", pair="q: ", query="q: "),
    ),
    "the default": (
        {"prompts": {"s2s": "s: "}, "default_prompt_name": "s2s"},
        TextPrefix(text="s: ", pair="s: ", query="s: ", candidate="s: "),
    ),
    "unclear": ({"prompts": {"s2s_query": "s: ", "s2p_query": "p: "}}, TextPrefix()),
    "no texts": ({"prompts": {"query": 3}, "default_prompt_name": ["query"]}, TextPrefix()),
    "no mapping": ({"prompts": "query: "}, TextPrefix()),
}


@pytest.mark.parametrize("case", _SETTINGS)
def test_prompts_of_a_sentence_encoder_stand_where_sentence_transformers_puts_them(tmp_path: Path, case: str) -> None:
    settings, expected = _SETTINGS[case]
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(settings))
    assert sentence_encoder_in(tmp_path).prefix == expected
    modules = [{"type": "st.models.Pooling", "path": "1_Pooling"}]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling/config.json").write_text(json.dumps({"pooling_mode": "mean", "include_prompt": False}))
    assert sentence_encoder_in(tmp_path).prefix == TextPrefix()  # ftk would pool its tokens


_REFUSED = {
    "tokens": (("task=ner", 'model.text_prefix={text: "to: "}'), "model.text_prefix.text"),
    "answers": (("task=question-answering", 'model.text_prefix={text: "to: "}'), "places"),
    "images": (("task=image-classification", "model=resnet-tiny", 'model.text_prefix={text: "to: "}'), "no texts"),
    "sources": (("task=summarization", "model=t5-tiny", 'model.text_prefix={text: "to: "}'), "task.source_prefix"),
    "other roles": (("task=ranking", 'model.text_prefix={text: "to: "}'), "query and candidate"),
    "an unknown role": (("task=ranking", 'model.text_prefix={document: "to: "}'), "document"),
    "a joined word": (("task=ranking", "model.text_prefix.query=query"), "'model.text_prefix.query=\"query: \"'"),
    "several encoders": (
        ("task=image-text-classification", "model=fusion", 'model.text_prefix.text="to: "'),
        "model.towers.text.text_prefix.text",
    ),
}


@pytest.mark.parametrize("case", _REFUSED)
def test_a_prefix_that_no_text_can_have_is_refused_before_rows_are_read(ftk: Ftk, case: str) -> None:
    words, says = _REFUSED[case]
    refused = ftk("finetune", "model=tiny", *words)
    assert refused.code == 1
    assert says in refused.err
    assert "Traceback" not in refused.err


@pytest.mark.slow
@pytest.mark.torch
def test_a_preset_whose_prefix_the_task_does_not_read_is_used_without_it(ftk: Ftk) -> None:
    folder = save_model_folder(Path("m"), "bert")
    data = write_conll("train.conll", [[("Ada", "B-PER"), ("went", "O")], [("Dora", "B-PER"), ("again", "O")]])
    checked = ftk("check", "--json", "task=ner", "model=e5-small", f"model.name={folder}", f"data.train={data}")
    assert checked.count(kinds.PREFIX_UNREAD) == 1
    assert not checked.count(kinds.TEXT_PREFIX)


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.parametrize("task", ["text-classification", "pairs", "ranking", "cross"])
def test_a_prefix_is_as_if_it_were_in_the_rows_and_the_model_keeps_it(ftk: Ftk, task: str) -> None:
    save_model_folder(Path("m"), "bert")
    rows = QUERIES if task in ("ranking", "cross") else ROWS
    rows = [{**row, "pair": f"{row['label']} by train"} for row in rows] if task == "pairs" else rows
    words = ["task=ranking"] if task in ("ranking", "cross") else ["task=text-classification"]
    words += ["task.encoder=cross", "task.sampled_negatives=2"] if task == "cross" else []
    words += ["task.label_texts=false"] if words == ["task=text-classification"] else []  # they would lack it
    write_jsonl("plain.jsonl", rows)
    write_jsonl("written.jsonl", by_hand(rows, BOTH))
    argv = ("finetune", "--json", *words, *FAST, "model.name=m", "data.duplicates=keep")
    for name, more in (("plain", (NAMED,)), ("written", ())):
        splits = (f"data.train={name}.jsonl", f"data.validation={name}.jsonl")
        result = ftk(*argv, *more, *splits, f"run.dir={name}")
        assert result.code == 0, result.texts
        assert result.count(kinds.TEXT_PREFIX) == len(more)
    weights = [Path(name, "best/model.safetensors").read_bytes() for name in ("plain", "written")]
    assert weights[0] == weights[1]
    metrics = [json.loads(Path(name, "metrics.json").read_text())["validation"] for name in ("plain", "written")]
    assert metrics[0] == metrics[1]
    records = read_jsonl("plain/predictions/validation.jsonl")
    assert all("to: " not in json.dumps(record) for record in records)
    predicted = []
    for name in ("plain", "written"):
        read = ftk("predict", "--json", f"checkpoint={name}/best", f"input={name}.jsonl", f"output={name}.out", *CPU)
        assert read.code == 0, read.err
        assert read.count(kinds.TEXT_PREFIX) == (name == "plain")
        predicted.append(read_jsonl(f"{name}.out"))
    assert [record.get("scores", record.get("score")) for record in predicted[0]] == [
        record.get("scores", record.get("score")) for record in predicted[1]
    ]
    twice = ftk("evaluate", "--json", "checkpoint=plain/best", "data.test=written.jsonl", *CPU, "run.dir=twice")
    assert twice.count(kinds.PREFIXED_TWICE) >= len(rows)


@pytest.mark.slow
@pytest.mark.torch
def test_candidates_of_a_file_have_the_prefix_of_candidates(ftk: Ftk) -> None:
    save_model_folder(Path("m"), "bert")
    write_jsonl("train.jsonl", QUERIES)
    argv = ("finetune", "task=ranking", *FAST, "model.name=m", NAMED, "data.train=train.jsonl", "run.dir=run")
    assert ftk(*argv, "data.validation=train.jsonl").code == 0
    files = json.loads(Path("run/best/config_sentence_transformers.json").read_text())
    assert files["prompts"] == {"query": "to: ", "document": "by: "}
    texts = ["Ada to Oslo", "hello world", "Dora by slow train"]
    write_jsonl("candidates.jsonl", [{"text": text} for text in texts])
    write_jsonl("queries.jsonl", [{"query": "Ada to Oslo"}])
    write_jsonl("lists.jsonl", [{"query": "Ada to Oslo", "candidates": texts}])
    scores = []
    for words in (("task=ranking", "task.candidates=candidates.jsonl", "input=queries.jsonl"), ("input=lists.jsonl",)):
        read = ftk("predict", "checkpoint=run/best", *words, "output=out.jsonl", "run.overwrite=true", *CPU)
        assert read.code == 0, read.err
        [record] = read_jsonl("out.jsonl")
        scores.append({one["text"]: one["score"] for one in record["candidates"]})
    assert scores[0] == pytest.approx(scores[1], abs=1e-5)
    assert scores[0]["Ada to Oslo"] < 0.9999  # the same text is another one as a candidate


@pytest.mark.slow
@pytest.mark.torch
def test_a_run_resumes_as_it_began(ftk: Ftk) -> None:
    save_model_folder(Path("m"), "bert")
    write_jsonl("train.jsonl", ROWS)
    argv = ("finetune", "--json", "task=text-classification", *FAST, "model.name=m", "data.train=train.jsonl")
    argv = (*argv, "data.validation=train.jsonl", "data.duplicates=keep")
    assert ftk(*argv, NAMED, "run.dir=whole").code == 0
    ftk(*argv, NAMED, "run.dir=parts", "run.stop_after=2")
    other = ftk(*argv, 'model.text_prefix.text="by: "', "run.dir=parts", "run.resume=true")
    assert other.code == 1
    assert "model.text_prefix.text" in other.texts
    resumed = ftk(*argv, NAMED, "run.dir=parts", "run.resume=true")
    assert resumed.code == 0, resumed.texts
    weights = [Path(name, "best/model.safetensors").read_bytes() for name in ("whole", "parts")]
    assert weights[0] == weights[1]


@pytest.mark.slow
@pytest.mark.torch
def test_a_run_of_a_release_without_prefixes_goes_on_without_them(ftk: Ftk) -> None:
    folder = save_model_folder(Path("m"), "bert")
    prompts = {"prompts": {"query": "to: ", "document": "by: "}, "default_prompt_name": "query"}
    (folder / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    write_jsonl("train.jsonl", ROWS)
    argv = ("finetune", "--json", "task=text-classification", *FAST, "model.name=m", "data.train=train.jsonl")
    argv = (*argv, "data.validation=train.jsonl", "data.duplicates=keep", "run.dir=run")
    off = 'model.text_prefix={text: "", pair: "", query: "", candidate: ""}'
    ftk(*argv, off, "run.stop_after=2")
    path = Path("run/config.yaml")
    head, _, body = path.read_text().partition("\n")
    config = yaml.safe_load(body)
    del config["model"]["text_prefix"]
    path.write_text(f"{head}\n{yaml.safe_dump(config)}")
    resumed = ftk(*argv, "run.resume=true")
    assert resumed.code == 0, resumed.texts
    assert not resumed.count(kinds.TEXT_PREFIX)
    assert json.loads(Path("run/best/ftk.json").read_text())["text_prefix"] == {}
    fresh = ftk(*argv, "run.overwrite=true")
    assert fresh.found(kinds.TEXT_PREFIX).policy == "files"


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.parametrize("architecture", ["bert", "roberta", "xlm-roberta"])
def test_explanations_are_of_the_words_of_the_text_alone(ftk: Ftk, architecture: str) -> None:
    save_model_folder(Path("m"), architecture)
    write_jsonl("train.jsonl", ROWS)
    argv = ("finetune", "task=text-classification", *FAST, "model.name=m", NAMED, "data.train=train.jsonl")
    assert ftk(*argv, "data.validation=train.jsonl", "data.duplicates=keep", "run.dir=run").code == 0
    write_jsonl("in.jsonl", ROWS[:2])
    done = ftk("explain", "checkpoint=run/best", "input=in.jsonl", "output=out.jsonl", *CPU)
    assert done.code == 0, done.err
    for row, record in zip(ROWS, read_jsonl("out.jsonl"), strict=False):
        [explained] = record["explanations"]
        words = explained["relevance"]
        assert [word["text"] for word in words] == row["text"].split()
        assert [row["text"][word["start"] : word["end"]] for word in words] == row["text"].split()
