"""The commands of docs/coming-from.md run on small files in the formats of the tools that people come from."""

import csv
import json
import re
import shlex
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from conftest import NAMES, PLACES, Result, write_conll, write_jsonl, write_lines
from small_models import save_model_folder

pytestmark = [pytest.mark.torch, pytest.mark.slow]
PAGE = (Path(__file__).resolve().parents[1] / "docs/coming-from.md").read_text(encoding="utf-8")
TRIPS = [(NAMES[i % 8], PLACES[(i * 3 + i // 8) % 8]) for i in range(24)]
TEXTS = [f"{name} went to {place} by slow train." for name, place in TRIPS]
TAGS = ["B-PER", "O", "O", "B-LOC", "O", "O", "O", "O"]
TOKENS = [[*text[:-1].split(), "."] for text in TEXTS]
SMALL = {
    "summarization": "bart-tiny",
    "translation": "marian-tiny",
    "image-classification": "resnet-tiny",
}
"""The models that stand in for those of the page, by task; of the other tasks it is tiny."""
KEPT = {"tfidf-linear"}
SHORT = ("train.max_steps=2", "train.batch_size=4", "model.default_lr=1e-3")
ON_CPU = ("hardware=cpu", "hardware.threads=1")


def commands(section: str) -> list[list[str]]:
    """The words of each command in the blocks of a section, in order."""
    text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^```\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    return [shlex.split(line)[1:] for block in blocks for line in block.splitlines()]


def shortened(words: list[str]) -> list[str]:
    """A command of the page, with a model and a length that take a second."""
    command, values = words[0], dict(word.split("=", 1) for word in words[1:] if "=" in word)
    if command in ("evaluate", "predict"):
        return [*words, *ON_CPU]
    small = SMALL.get(values.get("task", ""), "tiny")
    models = [name if name in KEPT else small for name in values["model"].split(",")]
    named = [word for word in words[1:] if not word.startswith(("model=", "model.name="))]
    named = [word.replace("pooled_text", "classifier") for word in named]  # the head of a model with random weights
    generation = ["task.num_beams=1", "task.max_new_tokens=4"] if small in ("bart-tiny", "marian-tiny") else []
    return [command, f"model={','.join(models)}", *generation, *SHORT, *ON_CPU, *named]


def write_csv(path: str, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


def write_squad(path: str) -> None:
    """A file of SQuAD: each text a paragraph with one question."""
    paragraphs = []
    for number, (text, (name, place)) in enumerate(zip(TEXTS, TRIPS, strict=True)):
        answer = {"text": place, "answer_start": text.index(place)}
        question = {"id": str(number), "question": f"Where did {name} go?", "answers": [answer], "is_impossible": False}
        paragraphs.append({"context": text, "qas": [question]})
    Path(path).write_text(json.dumps({"version": "1.1", "data": [{"title": "trips", "paragraphs": paragraphs}]}))


def write_texts() -> None:
    write_lines("texts.txt", TEXTS[:3])


def hugging_face() -> None:
    for name in ("train.txt", "dev.txt"):
        write_lines(name, [line for text in TEXTS * 4 for line in (text, "")])
    for name in ("ner.json", "ner-dev.json", "ner-test.json"):
        write_jsonl(name, ({"tokens": tokens, "ner_tags": TAGS} for tokens in TOKENS))
    speech = ["PROPN", "VERB", "ADP", "PROPN", "ADP", "ADJ", "NOUN", "PUNCT"]
    write_jsonl("pos.json", ({"tokens": tokens, "pos_tags": speech} for tokens in TOKENS))
    for name in ("pairs.csv", "pairs-dev.csv"):
        rows = ((text, f"It was {TRIPS[i][1]}.", i % 2) for i, text in enumerate(TEXTS))
        write_csv(name, ("sentence1", "sentence2", "label"), rows)
    write_jsonl("topics.json", ({"title": text, "label": ["a", "b"][: i % 3]} for i, text in enumerate(TEXTS)))
    write_squad("squad.json")
    rows_of_questions = []
    for text, (name, place) in zip(TEXTS, TRIPS, strict=True):
        answers = {"text": [place], "answer_start": [text.index(place)]}
        rows_of_questions.append({"question": f"Where did {name} go?", "context": text, "answers": answers})
    write_jsonl("rows.jsonl", rows_of_questions)
    news = [(text, f"{name} in {place}") for text, (name, place) in zip(TEXTS, TRIPS, strict=True)]
    write_jsonl("news.json", ({"document": text, "summary": summary} for text, summary in news))
    write_csv("news-dev.csv", ("article", "highlights"), news)
    write_jsonl("pairs.json", ({"translation": {"en": text, "de": text.upper()}} for text in TEXTS))
    for split, shade in (("train", 0), ("val", 100)):
        for label, colour in (("cat", (200, 20)), ("dog", (20, 200))):
            folder = Path("photos", split, label)
            folder.mkdir(parents=True)
            for number in range(4):
                Image.new("RGB", (24, 24), (*colour, shade + number)).save(folder / f"{number}.png")


def spacy() -> None:
    write_texts()
    for name in ("train.jsonl", "dev.jsonl"):
        rows = []
        for number, (text, (person, place)) in enumerate(zip(TEXTS, TRIPS, strict=True)):
            start = text.index(place)
            spans = [
                {"start": 0, "end": len(person), "label": "PER"},
                {"start": start, "end": start + len(place), "label": "LOC"},
            ]
            rows.append({"text": text, "spans": spans, "labels": ["travel", "rail"][: number % 3]})
        write_jsonl(name, rows)


def setfit() -> None:
    write_texts()
    for name in ("train.csv", "test.csv"):
        write_csv(name, ("sentence", "label"), ((text, i % 2) for i, text in enumerate(TEXTS)))


def simpletransformers() -> None:
    for name in ("train.csv", "eval.csv"):
        write_csv(name, ("text_a", "text_b", "labels"), ((text, "By train?", i % 2) for i, text in enumerate(TEXTS)))
    write_csv("scores.csv", ("text", "labels"), ((text, i / 8) for i, text in enumerate(TEXTS)))
    write_csv("multi.csv", ("text", "toxic", "insult"), ((text, i % 2, i // 2 % 2) for i, text in enumerate(TEXTS)))
    write_conll("train.txt", [list(zip(tokens, TAGS, strict=True)) for tokens in TOKENS])
    write_squad("squad.json")
    write_lines("corpus.txt", TEXTS * 8)


def annotation_tools() -> None:
    write_texts()
    marked = []
    for text, (name, place) in zip(TEXTS, TRIPS, strict=True):
        marked.append((text, ((0, len(name), "PER"), (text.index(place), text.index(place) + len(place), "LOC"))))
    tasks = []
    for number, (text, spans) in enumerate(marked):
        regions = [
            {
                "type": "labels",
                "from_name": "label",
                "to_name": "text",
                "value": {"start": start, "end": end, "text": text[start:end], "labels": [label]},
            }
            for start, end, label in spans
        ]
        tasks.append({"id": number, "data": {"text": text}, "annotations": [{"id": number, "result": regions}]})
    Path("project-9-at-2026-03-01.json").write_text(json.dumps(tasks))
    listed = [{"id": number, "text": text, "label": list(spans)} for number, (text, spans) in enumerate(marked)]
    write_jsonl("admin.jsonl", ({**row, "Comments": []} for row in listed))
    several = [["travel", "rail"][: number % 3] for number in range(len(TEXTS))]
    rows = zip(TEXTS, several, strict=True)
    write_jsonl("reviews.jsonl", ({"id": n, "text": text, "label": some} for n, (text, some) in enumerate(rows)))
    objects = [[{"start": s, "end": e, "label": label} for s, e, label in spans] for _, spans in marked]
    rated = zip(TEXTS, objects, strict=True)
    write_jsonl("ner.jsonl", ({"text": text, "spans": spans, "answer": "accept"} for text, spans in rated))
    options = [{"id": name, "text": name} for name in ("travel", "rail")]
    chosen = [{"text": text, "options": options, "accept": [("travel", "rail")[n % 2]]} for n, text in enumerate(TEXTS)]
    write_jsonl("choices.jsonl", ({**row, "answer": "accept"} for row in chosen))
    Path("brat").mkdir()
    for number, (text, spans) in enumerate(marked):
        Path(f"brat/{number}.txt").write_text(text)
        lines = [f"T{n}\t{label} {s} {e}\t{text[s:e]}" for n, (s, e, label) in enumerate(spans, start=1)]
        write_lines(f"brat/{number}.ann", lines)
    for part in range(3):
        folder = Path("annotation", f"{part}.txt")
        folder.mkdir(parents=True)
        content = ["#FORMAT=WebAnno TSV 3.3", "#T_SP=NamedEntity|value", ""]
        for number, text in enumerate(TEXTS[part * 8 : part * 8 + 8], start=1):
            content += ["", f"#Text={text}"]
            at = 0
            for place, (token, tag) in enumerate(zip(text.split(), TAGS, strict=False), start=1):
                start = text.index(token, at)
                at = start + len(token)
                content.append(f"{number}-{place}\t{start}-{at}\t{token}\t{tag[2:] or '_'}\t")
        write_lines(folder / "admin.tsv", content)


def pipelines() -> None:
    """Folders in the place of the models of the hub."""
    tags = dict(enumerate(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]))
    models: dict[str, tuple[str, dict[str, Any]]] = {
        "dslim/bert-base-NER": ("TokenClassification", {"id2label": tags}),
        "distilbert/distilbert-base-uncased-finetuned-sst-2-english": (
            "SequenceClassification",
            {"id2label": {0: "NEGATIVE", 1: "POSITIVE"}},
        ),
        "deepset/roberta-base-squad2": ("QuestionAnswering", {}),
        "google-bert/bert-base-cased": ("MaskedLM", {}),
    }
    for folder, (head, values) in models.items():
        save_model_folder(Path(folder), "bert", f"AutoModelFor{head}", **values)
    write_texts()
    write_squad("dev.json")
    write_lines("masks.txt", ["Ada went to [MASK]."])


FILES = {
    "Hugging Face example scripts": hugging_face,
    "Pipelines": pipelines,
    "spaCy": spacy,
    "SetFit": setfit,
    "simpletransformers": simpletransformers,
    "Annotation tools": annotation_tools,
}


@pytest.mark.parametrize("section", FILES)
def test_each_command_runs(section: str, ftk: Callable[..., Result]) -> None:
    FILES[section]()
    lines = commands(section)
    assert lines
    for words in lines:
        result = ftk(*shortened(words))
        assert result.code == 0, f"ftk {shlex.join(words)}\n{result.err or result.out}"


def test_each_command_of_the_page_is_run() -> None:
    written = re.findall(r"^ftk (?:pretrain|finetune|evaluate|predict) .*$", PAGE, flags=re.MULTILINE)
    assert len(written) == sum(len(commands(section)) for section in FILES)
