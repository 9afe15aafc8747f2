"""Words and sub-words: in any script, what is marked is what is learned, and what is learned is what is found."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import TINY, Result, word_pieces, write_jsonl
from data_helpers import SOME, data_config, ner_task
from ftk.config.choices import Vocabulary
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.contexts import Encoding, Reading, RowOutputs
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.contracts.values import Labels, WindowPlan
from ftk.data.text.words import Words, split_words
from ftk.tasks import finding_kinds as task_kinds

pytestmark = pytest.mark.torch

LABELS = Labels(("O", "B-A", "I-A", "B-B", "I-B"))
SENTENCES = {
    "Chinese": "小明 在 北京大学 学习 中文 ， 李华 去 了 上海 。",
    "Japanese": "さくら は 東京 で トヨタ の 車 に 乗る 。",
    "Thai": "สมชาย ไป กรุงเทพ กับ มาลี ที่ เชียงใหม่",
    "Lao": "ສົມໄຊ ໄປ ວຽງຈັນ ກັບ ມາລີ",
    "Khmer": "សុខា ទៅ ភ្នំពេញ ជាមួយ ដារ៉ា",
    "Burmese": "မောင် သည် ရန်ကုန် သို့ သွား သည်",
    "Korean": "김민수는 서울에서 부산까지 한국은행에 간다 .",
    "Turkish": "Ayşe Ankaradan İzmire geldi , Ali evde .",
    "mixed": "John は New York で C++ を 学ぶ 。",
    "names": "@user knows C++ and #1 , .NET in the U.S. : D'Angelo 's e-mail -- 👍🏽 :-) !",
    "English": 'Rita Kos said " C++ " in the U.S. , not in Jean-Luc\'s bar .',
}
UNSPACED = ("Chinese", "Japanese", "Thai", "Lao", "Khmer", "Burmese")
KINDS = [kind.value for kind in Vocabulary]


def as_text(language: str) -> str:
    """A sentence as it is written."""
    return SENTENCES[language].replace(" ", gap(language))


def gap(language: str) -> str:
    """What stands between words."""
    return "" if language in UNSPACED else " "


@cache
def tokenizer(kind: str, *, single: bool = True, lowercase: bool = False) -> Any:
    """A vocabulary that was learned from all sentences; without ``single`` most of its entries are long."""
    from ftk.models.tokenizers.vocabulary import learn_tokenizer

    settings = replace(word_pieces(700), train=Vocabulary(kind), lowercase=lowercase)
    random = Random(0)
    texts = [as_text(language) for language in SENTENCES] * 10
    for language in [*SENTENCES] * 40:
        words = SENTENCES[language].split()
        texts.append(gap(language).join(random.sample(words, random.randint(2, len(words)))))
    return learn_tokenizer(texts, settings, max_length=10**6, single_characters=single)


def windows_of(
    row: dict[str, Any], own: Any, *, length: int = 512, spacing: Any = None, **fields: Any
) -> tuple[Any, Any, Any, Notes]:
    """The task, the example, the features and the findings of one row, read as training rows are."""
    notes = Notes()
    rows, reading = [Row(row, "rows.jsonl", 1)], Reading(data_config().columns, True, notes)
    task: Any = replace(ner_task(**fields).resolve_auto(rows, reading), spacing=spacing)
    [example] = task.read(rows, reading)
    notes.raise_errors()
    features = task.features([example], Encoding(own, LABELS, WindowPlan(length, length // 4), notes))
    return task, example, features, notes


def learned_by_heart(task: Any, example: Any, features: Any) -> dict[str, Any]:
    """The record of a model that has learned all it can: each sub-word has the mean of its targets."""
    import torch

    outputs = {}
    for window in range(len(features)):
        batch = task.collate(features, [window], None)
        places, label = batch.targets["position"].numpy(), batch.targets["label"].numpy()
        taught = np.eye(len(LABELS.names))[label]
        scores = np.stack([taught[places == place].mean(0) for place in places]) if len(places) else taught
        [outputs[window]] = task.to_numpy(torch.from_numpy(np.log(scores + 1e-6)).float(), features, batch)
    [prediction] = task.decode([example], RowOutputs(features, 0, outputs), LABELS)
    record: dict[str, Any] = task.record(example, prediction)
    return record


@st.composite
def marked(draw: st.DrawFn, text: str, words: Words) -> dict[str, Any]:
    """A text with spans on some of its words."""
    starts, ends = split_words(text, words)
    cuts = sorted(draw(st.sets(st.integers(0, len(starts)), max_size=8)))
    spans = [
        {"start": starts[first], "end": ends[last - 1], "label": draw(st.sampled_from("AB"))}
        for first, last in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    return {"text": text, "spans": spans}


def places(record: dict[str, Any]) -> list[tuple[int, int, str]]:
    return [(item["start"], item["end"], item["label"]) for item in record.get("entities", record.get("spans", ()))]


def is_counted(notes: Notes) -> bool:
    return any(found.kind == task_kinds.PARTED_SUBWORD for found in notes)


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@given(st.sampled_from(list(SENTENCES)), st.booleans(), st.sampled_from([16, 512]), st.data())
@SOME
def test_any_span_of_characters_is_learned_and_found(
    kind: str, single: bool, language: str, lowercase: bool, length: int, data: st.DataObject
) -> None:
    row = data.draw(marked(as_text(language), Words.characters))
    own = tokenizer(kind, single=single, lowercase=lowercase)
    task, example, features, notes = windows_of(row, own, words="characters", length=length)
    assert not is_counted(notes)
    assert places(learned_by_heart(task, example, features)) == places(row)
    assert features.longest <= length


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@given(st.sampled_from(list(SENTENCES)), st.sampled_from(["fine", "pieces"]), st.booleans(), st.data())
@SOME
def test_a_span_of_words_is_found_or_counted(
    kind: str, single: bool, language: str, words: str, lowercase: bool, data: st.DataObject
) -> None:
    row = data.draw(marked(as_text(language), Words(words)))
    own = tokenizer(kind, single=single, lowercase=lowercase)
    task, example, features, notes = windows_of(row, own, words=words)
    assert not [found for found in notes if found.kind == kinds.VANISHED_WORD]
    if not is_counted(notes):
        assert places(learned_by_heart(task, example, features)) == places(row)
    elif single and words == "fine":
        assert language not in UNSPACED, "no entry covers two words"


def tagged(language: str, tags: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A sentence as tokens with tags, and as text with spans."""
    tokens = SENTENCES[language].split()
    space = len(gap(language))
    ends = np.cumsum([len(token) + space for token in tokens]).tolist()
    spans: list[list[Any]] = []
    for token, end, tag in zip(tokens, ends, tags, strict=True):
        if tag[0] == "B":
            spans.append([end - len(token) - space, end - space, tag[2:]])
        elif tag[0] == "I":
            spans[-1][1] = end - space
    return {"tokens": tokens, "tags": tags}, {"text": as_text(language), "spans": spans}


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", [name for name in SENTENCES if name != "mixed"])
def test_tokens_and_the_text_that_they_make_are_learned_alike(language: str, kind: str, lowercase: bool) -> None:
    number = len(SENTENCES[language].split())
    tags = ["B-A", "O", "B-B", "I-B", "O", "B-A", *["O"] * number][:number]
    own = tokenizer(kind, lowercase=lowercase)
    learned = []
    for row in tagged(language, tags):
        task, example, features, _ = windows_of(row, own, words="coarse", spacing=[[], []])
        columns = features.columns
        label = dict(zip(columns["position"].values.tolist(), columns["label"].values.tolist(), strict=True))
        learned.append((columns["input_ids"].values.tolist(), label))
        found = learned_by_heart(task, example, features)
        assert found["tags"] == tags if "tags" in found else places(found) == [tuple(span) for span in row["spans"]]
    assert learned[0] == learned[1]
    assert own.unk_token_id not in learned[0][0]


GLUED = [
    ("I love C++ , said @user .", "I love C++, said @user."),
    ("( .NET ) is #1 in the U.S. , no ?", "(.NET) is #1 in the U.S., no?"),
    ("Rita 's 3,000 e-mails : F# ; St. Ives .", "Rita's 3,000 e-mails: F#; St. Ives."),
    ("she went to St. . , he said !", "she went to St.., he said!"),
    ("¿ Dónde está C++ ? ¡ Aquí !", "¿Dónde está C++? ¡Aquí!"),
    ("« Où est D'Angelo ? » , dit-il .", "«Où est D'Angelo?», dit-il."),
    ("$ 10 or 10 % of AT&T 's", "$10 or 10% of AT&T's"),
]
"""Tokens of a corpus, and the same as it is written."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("tokens", "text"), GLUED)
def test_a_text_is_read_with_the_spaces_of_the_tokens_of_training(tokens: str, text: str, kind: str) -> None:
    notes, own = Notes(), tokenizer(kind)
    reading = Reading(data_config().columns, True, notes)
    task: Any = ner_task()
    rows = [
        Row({"tokens": line.split(), "tags": ["B-A", *["O"] * (len(line.split()) - 1)]}, "rows.jsonl", number)
        for number, (line, _) in enumerate(GLUED)
    ]
    rows += [Row({"text": text, "spans": []}, "rows.jsonl", 99)]
    task = task.resolve_auto(rows, reading)
    task = task.learn(task.read(rows[:-1], reading))
    given = next(row for row in rows if row.values["tokens"] == tokens.split())
    encoded = [
        task.features(task.read([row], reading), Encoding(own, LABELS, WindowPlan(512, 128), notes)).columns
        for row in (given, rows[-1])
    ]
    assert encoded[0]["input_ids"].values.tolist() == encoded[1]["input_ids"].values.tolist()
    assert set(encoded[0]["position"].values.tolist()) == set(encoded[1]["position"].values.tolist())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["Chinese", "Thai", "Japanese"])
def test_no_sub_word_is_of_two_tokens(language: str, kind: str) -> None:
    """Also where entries of the vocabulary are long."""
    number = len(SENTENCES[language].split())
    tags = [f"B-{'AB'[place % 2]}" for place in range(number)]
    row, _ = tagged(language, tags)
    task, example, features, notes = windows_of(row, tokenizer(kind, single=False))
    assert not is_counted(notes)
    assert learned_by_heart(task, example, features)["tags"] == tags


def test_one_tag_stands_for_all_words_of_a_sub_word() -> None:
    own = tokenizer("unigram", single=False)
    text = as_text("Thai")
    pieces = own(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    start, end = max(pieces, key=lambda piece: piece[1] - piece[0])
    assert end - start > 2
    row = {"text": text, "spans": [[start, end, "A"]]}
    task, example, features, notes = windows_of(row, own)
    assert not is_counted(notes)
    columns = features.columns
    [place] = {at for at, label in zip(columns["position"].values, columns["label"].values, strict=True) if label}
    assert LABELS.names[columns["label"].values[columns["position"].values.tolist().index(place)]] == "B-A"
    assert places(learned_by_heart(task, example, features)) == [(start, end, "A")]


def test_models_of_earlier_versions_read_words_as_they_did() -> None:
    own = tokenizer("unigram", single=False)
    tokens = SENTENCES["Chinese"].split()
    rows = [Row({"tokens": tokens, "tags": ["O"] * len(tokens)}, "rows.jsonl", 1)]
    task: Any = ner_task()
    [example] = task.read(rows, Reading(data_config().columns, True, Notes()))
    assert task.shared_subwords is None
    features = task.features([example], Encoding(own, LABELS, WindowPlan(512, 128), Notes()))
    assert features.columns["input_ids"][0].tolist() == own(SENTENCES["Chinese"])["input_ids"]
    assert features.columns["word"][0].tolist() == list(range(len(tokens)))


@pytest.mark.parametrize("subwords", ["first", "all"])
@pytest.mark.parametrize("kind", ["wordpiece", "bpe"])
@pytest.mark.parametrize("language", ["English", "Turkish"])
def test_words_with_sub_words_of_their_own_are_encoded_as_ever(language: str, kind: str, subwords: str) -> None:
    """The same bytes as without any of this."""
    words = [word for word in SENTENCES[language].split() if word.isalpha()]
    own, before = tokenizer(kind), ner_task(label_subwords=subwords)
    for row in (
        {"tokens": words, "tags": ["B-A", *["I-A"] * (len(words) - 1)]},
        {"text": " ".join(words), "spans": []},
    ):
        _, example, features, _ = windows_of(row, own, label_subwords=subwords)
        old = before.features([example], Encoding(own, LABELS, WindowPlan(512, 128), Notes()))
        assert features.columns.keys() == old.columns.keys()
        for name, column in features.columns.items():
            assert column.values.tobytes() == old.columns[name].values.tobytes(), name


@pytest.mark.slow
def test_a_model_of_chinese_tokens_finds_the_same_in_text(ftk: Callable[..., Result]) -> None:
    """With a vocabulary whose entries would reach over tokens, and names as new to both."""
    random = Random(0)
    names = {"PER": ["小明", "李华", "王芳", "张伟"], "LOC": ["北京", "上海", "北京大学", "南京"]}
    frames = [
        "PER 在 LOC 睡觉 。",
        "昨天 PER 从 LOC 到 LOC 旅行 。",
        "LOC 的 PER 喜欢 吃 苹果 。",
        "我们 在 学校 看 书 。",
    ]
    rows: dict[str, list[dict[str, Any]]] = {"tokens": [], "text": []}
    for _ in range(280):
        frame = random.choice(frames).split()
        tokens = [random.choice(names.get(word, [word])) for word in frame]
        ends = np.cumsum([len(token) for token in tokens]).tolist()
        marked = [(end - len(token), end, word) for word, token, end in zip(frame, tokens, ends, strict=True)]
        rows["tokens"].append({"tokens": tokens, "tags": [f"B-{word}" if word in names else "O" for word in frame]})
        rows["text"].append({"text": "".join(tokens), "spans": [list(span) for span in marked if span[2] in names]})
    train, test = write_jsonl("train.jsonl", rows["tokens"][:240]), write_jsonl("text.jsonl", rows["text"][240:])
    words = ("task=ner", *TINY, "model.tokenizer.train=unigram", "train.epochs=8", "train.batch_size=16")
    same = write_jsonl("tokens.jsonl", rows["tokens"][240:])
    result = ftk("finetune", *words, f"data.train={train}", f"data.test={same}", "run.dir=run")
    assert result.code == 0, result.err
    assert ftk("evaluate", "checkpoint=run/best", f"data.test={test}", "run.dir=scores", "hardware=cpu").code == 0
    for folder in ("run", "scores"):
        assert json.loads(Path(folder, "metrics.json").read_text())["test"]["f1"] > 0.98
