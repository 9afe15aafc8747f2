"""Which heads a training keeps, and what config.json says about a head."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from conftest import Result, write_jsonl
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.contracts.saved_head import SavedHead
from ftk.contracts.spec import TaskSpec, Wording
from ftk.contracts.values import Labels
from ftk.errors import ModelError
from ftk.models.loading.head_of_folder import auto_model_of, head_in, saved_head
from ftk.models.loading.kept_head import HeadFate, fate_of, keeps_head
from small_models import save_model_folder

Ftk = Callable[..., Result]
_TEXTS = "AutoModelForSequenceClassification"
_CLASSES = {"auto_model": _TEXTS, "problem_type": "single_label_classification"}
_TAGS = {"auto_model": "AutoModelForTokenClassification"}
_UNNAMED = ("LABEL_0", "LABEL_1", "LABEL_2")
_FATES = {
    "the same names": ("BertForSequenceClassification", {}, ("a", "b"), _CLASSES, ("a", "b"), "kept"),
    "in another order": ("XLNetForSequenceClassification", {}, ("b", "a"), _CLASSES, ("a", "b"), "kept"),
    "other names": ("BertForSequenceClassification", {}, ("a", "c"), _CLASSES, ("a", "b"), "labels"),
    "more names": ("BertForSequenceClassification", {}, ("a", "b", "c"), _CLASSES, ("a", "b"), "labels"),
    "another case": ("BertForSequenceClassification", {}, ("A", "B"), _CLASSES, ("a", "b"), "labels"),
    "no names, as many": ("BertForSequenceClassification", {}, _UNNAMED, _CLASSES, ("a", "b", "c"), "unnamed"),
    "no names, more": ("BertForSequenceClassification", {}, _UNNAMED, _CLASSES, ("a", "b"), "unnamed"),
    "of tokens": ("BertForTokenClassification", {}, ("a", "b"), _CLASSES, ("a", "b"), "task"),
    "of answers": ("BertForQuestionAnswering", {}, ("a", "b"), _CLASSES, ("a", "b"), "task"),
    "of choices": ("BertForMultipleChoice", {}, ("a", "b"), _CLASSES, ("a", "b"), "task"),
    "of next sentences": ("BertForNextSentencePrediction", {}, ("a", "b"), _CLASSES, ("a", "b"), "task"),
    "of images": ("ViTForImageClassification", {}, ("a", "b"), _CLASSES, ("a", "b"), "task"),
    "of relations": ("BertForEntityStart", {}, ("a", "b"), _CLASSES, ("a", "b"), "task"),
    "several labels": (
        "BertForSequenceClassification",
        {"problem_type": "multi_label_classification"},
        ("a", "b"),
        _CLASSES,
        ("a", "b"),
        "task",
    ),
    "a number": ("RoFormerForSequenceClassification", {}, ("a",), _CLASSES, ("a",), "task"),
    "of texts for tags": ("BertForSequenceClassification", {}, ("O", "B-A", "I-A"), _TAGS, ("O", "B-A", "I-A"), "task"),
    "tags": ("RoFormerForTokenClassification", {}, ("B-A", "I-A", "O"), _TAGS, ("O", "B-A", "I-A"), "kept"),
    "tags without names": ("BertForTokenClassification", {}, _UNNAMED, _TAGS, ("O", "B-A", "I-A"), "unnamed"),
    "no architecture": (None, {}, ("a", "b"), _CLASSES, ("a", "b"), "unknown"),
    "no architecture, no names": (None, {}, _UNNAMED[:2], _CLASSES, ("a", "b"), "absent"),
    "an encoder": ("BertModel", {}, ("a", "b"), _CLASSES, ("a", "b"), "absent"),
    "masked words": ("BertForMaskedLM", {}, _UNNAMED, _CLASSES, ("a", "b"), "absent"),
    "pretraining": ("BertForPreTraining", {}, _UNNAMED, _CLASSES, ("a", "b"), "absent"),
}
_NO_LABELS = Wording(labels=None)
_ANSWERS = TaskSpec(columns=(), score="f1", auto_model="AutoModelForQuestionAnswering", wording=_NO_LABELS)
_PAIRS = TaskSpec(columns=(), score="mrr", auto_model=_TEXTS, wording=_NO_LABELS)


def head_of(architecture: str | None, names: tuple[str, ...], **values: object) -> SavedHead:
    """The head that a config.json with these values describes."""
    named = {"architectures": None if architecture is None else [architecture], "id2label": dict(enumerate(names))}
    return saved_head({**named, **values})


@pytest.mark.parametrize("case", _FATES)
def test_a_head_is_kept_only_for_the_same_task_and_labels(case: str) -> None:
    architecture, values, names, spec, labels, fate = _FATES[case]
    found = fate_of(head_of(architecture, names, **values), TaskSpec(columns=(), score="f1", **spec), Labels(labels))
    assert found is HeadFate(fate)
    assert found.is_new == (fate not in ("kept", "absent"))


def test_outputs_without_names_in_the_data_are_kept_where_nothing_else_can_be_meant() -> None:
    answers = head_of("XLNetForQuestionAnsweringSimple", ("LABEL_0", "LABEL_1"))
    assert fate_of(answers, _ANSWERS, Labels(("start", "end"))) is HeadFate.kept
    one = head_of("BertForSequenceClassification", ("LABEL_0",))
    assert fate_of(one, _PAIRS, Labels(("relevance",))) is HeadFate.unnamed
    cross = head_of("BertForSequenceClassification", ("LABEL_0",), sentence_transformers={"version": "5"})
    assert fate_of(cross, _PAIRS, Labels(("relevance",))) is HeadFate.kept


@pytest.mark.parametrize("numbers", [(1, 2), (0, 2), (3, 10)])
def test_labels_with_a_gap_stop_only_what_opens_the_head(numbers: tuple[int, ...]) -> None:
    values = {"architectures": ["BertForSequenceClassification"], "id2label": dict(zip(numbers, "ab", strict=True))}
    config = SimpleNamespace(to_dict=lambda: values)
    classes, notes = TaskSpec(columns=(), score="f1", **_CLASSES), Notes()
    assert keeps_head(config, _ANSWERS, None, notes)
    assert saved_head(values).names == ("a", "b")
    assert not keeps_head(config, classes, Labels(("c", "d")), notes)
    Path("m").mkdir()
    Path("m/config.json").write_text(json.dumps(values))
    with pytest.raises(ModelError, match=r"m/config\.json: id2label"):
        head_in(Path("m"))


@pytest.mark.torch
def test_labels_that_are_given_no_numbers_are_refused(ftk: Ftk) -> None:
    save_model_folder(Path("m"), "bert", _TEXTS, num_labels=2)
    argv = ("task=text-classification", f"data.train={rows('ab')}", "data.validation=t.jsonl")
    result = ftk("finetune", *_ONE_STEP, *argv, "+model.config.id2label={a: 0, b: 1}")
    assert result.code == 1
    assert "{0: …, 1: …}" in result.err


@pytest.mark.torch
def test_each_head_of_transformers_is_known_by_its_name() -> None:
    from transformers.models.auto import modeling_auto as auto

    for auto_model, names in {
        "AutoModelForTokenClassification": auto.MODEL_FOR_TOKEN_CLASSIFICATION_MAPPING_NAMES,
        "AutoModelForSequenceClassification": auto.MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES,
        "AutoModelForQuestionAnswering": auto.MODEL_FOR_QUESTION_ANSWERING_MAPPING_NAMES,
        "AutoModelForImageClassification": auto.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES,
    }.items():
        for found in names.values():
            for name in (found,) if isinstance(found, str) else found:
                assert auto_model_of(name) == auto_model


def rows(labels: str) -> str:
    """A file with 12 texts that differ, with these labels in turn."""
    return write_jsonl("t.jsonl", [{"text": f"Ada {n} Oslo", "label": labels[n % len(labels)]} for n in range(12)])


_ONE_STEP = ("model=auto", "model.name=m", "debug=one-step", "hardware=cpu", "hardware.threads=1", "run.dir=r")


@pytest.mark.torch
@pytest.mark.parametrize(
    ("auto_model", "outputs", "labels", "policy"),
    [
        (_TEXTS, 3, "abc", "unnamed"),
        (_TEXTS, 3, "ab", "unnamed"),
        ("AutoModelForTokenClassification", 3, "abc", "task"),
    ],
)
def test_a_head_without_names_or_of_another_task_is_replaced(
    ftk: Ftk, auto_model: str, outputs: int, labels: str, policy: str
) -> None:
    from safetensors.torch import load_file

    save_model_folder(Path("m"), "bert", auto_model, num_labels=outputs)
    argv = ("task=text-classification", f"data.train={rows(labels)}", "data.validation=t.jsonl", "optimizer.lr=1e-12")
    # Weights for tokens have no pooler: without the key, the head of ftk would take their mean.
    result = ftk("finetune", "--json", *_ONE_STEP, *argv, "model.pooling=pooler")
    assert result.code == 0, result.err
    assert result.found(kinds.NEW_HEAD).policy == policy
    before, after = load_file("m/model.safetensors"), load_file("r/best/model.safetensors")
    assert after["classifier.weight"].shape[0] == len(labels)
    if len(labels) == outputs:
        assert before["classifier.weight"].sub(after["classifier.weight"]).abs().max() > 1e-4
    assert before["bert.embeddings.word_embeddings.weight"].equal(after["bert.embeddings.word_embeddings.weight"])


@pytest.mark.slow
@pytest.mark.torch
def test_an_old_encoder_that_names_no_architecture_has_no_head_to_leave_out(ftk: Ftk) -> None:
    from safetensors.torch import load_file

    heads = []
    for architectures in (["BertModel"], None):
        values = json.loads((save_model_folder(Path("m"), "bert") / "config.json").read_text())
        Path("m/config.json").write_text(json.dumps({**values, "architectures": architectures}))
        argv = ("task=text-classification", f"data.train={rows('ab')}", "data.validation=t.jsonl", "run.overwrite=true")
        result = ftk("finetune", "--json", *_ONE_STEP, *argv)
        assert result.code == 0, result.err
        assert result.count(kinds.NEW_HEAD) == 0
        heads.append(load_file("r/best/model.safetensors")["classifier.weight"])
    assert heads[0].equal(heads[1])


@pytest.mark.torch
def test_the_user_can_say_what_the_labels_of_a_head_are(ftk: Ftk) -> None:
    from safetensors.torch import load_file

    save_model_folder(Path("m"), "bert", _TEXTS, num_labels=2)
    argv = ("task=text-classification", f"data.train={rows('ab')}", "data.validation=t.jsonl", "optimizer.lr=1e-12")
    result = ftk("finetune", "--json", *_ONE_STEP, *argv, "+model.config.id2label={0: b, 1: a}")
    assert result.code == 0, result.err
    assert result.count(kinds.KEPT_HEAD) == 1
    before, after = load_file("m/model.safetensors"), load_file("r/best/model.safetensors")
    assert before["classifier.weight"].sub(after["classifier.weight"]).abs().max() < 1e-9
