"""Names of any characters on the command line: what is read, what is printed, and what a shell makes of it."""

import random
import re
import shlex
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import TINY, Result, toy_sentences, write_conll
from ftk.config.command_line import override_words, readable
from ftk.config.compose import compose
from ftk.config.spelling.grammar import as_people_write, parser
from ftk.config.spelling.writing import as_word, command, pasted, without_interpolation, words_of
from ftk.contracts.notes import Notes
from ftk.contracts.row import Row
from ftk.data.rows.label_names import name_of_key, read_names
from ftk.errors import ConfigError, DataError, ModelError
from ftk.models.files.whole import check_weights
from ftk.tasks.multi_label.label_cells import LABEL_COLUMNS
from ftk.tasks.multi_label.label_set import refuse_truth_values
from ftk.tasks.shared.label_columns import refuse_columns

PARTS = [
    *"aZ09_-./ ,;:=+*?!#%&@^|~<>()[]{}'\"\\$`",
    "é",
    "ß",
    "ı",
    "İ",
    "ع",
    "٣",
    "中",
    "😀",
    "\u200d",
    "\xa0",
    "${",
    "\\'",
]
FIXED = [
    "true",
    "False",
    "null",
    "1",
    "007",
    "1_000",
    "1e3",
    ".5",
    "nan",
    "-inf",
    "no",
    "~",
    "-",
    "C#",
    "Größe",
    ":)",
    ":(",
]
FIXED += [
    "part-of(e1,e2)",
    "Cause-Effect(e2,e1)",
    "a=b",
    "a: b",
    "it's",
    '"',
    "'",
    "\\",
    "\\\\'",
    "[x]",
    "{x}",
    "range(1,3)",
]
FIXED += ["${model.name}", "\\${x}", "json('{}')", "a,b", " a ", "#", "<<e1>>", "@GENE$", "日本語", "Ünïcode-Łabel"]


def names(number: int) -> list[str]:
    """Names of all kinds of characters, the same ones each time."""
    numbers = random.Random(17)
    made = {"".join(numbers.choices(PARTS, k=numbers.randint(1, 9))).strip() for _ in range(2 * number)}
    return [*FIXED, *sorted(made - {*FIXED, "", "???"})][:number]


def value_of(word: str) -> Any:
    """What Hydra's own parser makes of an override, in the way that ftk hands it on."""
    return parser().parse_override(readable(word)).value()


def by_bash(lines: Iterable[str]) -> list[list[str]]:
    """The words that a shell makes of lines that begin with ``ftk``."""
    script = "\n".join(["ftk() { printf '%s\\0' \"$@\"; printf '\\1\\0'; }", *lines])
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    assert done.stderr == b""
    commands = done.stdout.decode(errors="surrogateescape").split("\1\0")
    return [one.split("\0")[:-1] for one in commands[:-1]]


def test_200_names_are_read_as_they_are_written() -> None:
    all_names = names(200)
    assert len(all_names) == 200
    weights = {name: 0.5 + at for at, name in enumerate(all_names)}
    words = [f"task.label_names={as_word(all_names)}", f"task.class_weights={as_word(weights)}"]
    words += [f"run.dir={as_word(''.join(all_names))}"]
    config = compose("finetune", ["task=text-classification", *words], check=lambda config, command: []).config
    assert config.task["label_names"] == all_names
    assert config.task["class_weights"] == weights
    assert config.run.dir == "".join(all_names)


def test_each_name_is_one_value() -> None:
    for name in names(60):
        assert str(value_of(f"key={as_word(name)}")) == without_interpolation(name)
        assert value_of(f"key={as_word({name: 1})}") == {name: 1}


def test_200_names_pass_a_shell_unchanged() -> None:
    words = [f"run.dir={as_word(name)}" for name in [*names(200), "two\nlines", "\x1b[1m", "tab\there", "\udcff"]]
    lines = [f"ftk run.dir={pasted(name)}" for name in [*names(200), "two\nlines", "\x1b[1m", "tab\there", "\udcff"]]
    assert by_bash(lines) == [[word] for word in words]
    assert not any("\n" in line for line in lines)


@given(words=st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=4))
@settings(max_examples=30)
def test_a_command_has_the_words_that_made_it(words: list[str]) -> None:
    assert words_of(command(words)) == words
    assert words_of(shlex.join(words)) == words  # as earlier releases wrote it


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("{Größe: 2}", {"Größe": 2}),
        ('{"part-of(e1,e2)": 2.0, x: 1e-3}', {"part-of(e1,e2)": 2.0, "x": 0.001}),
        ("{part-of(e1,e2): 2}", {"part-of(e1,e2)": 2}),
        ("{C#: 2, 'F#': 3}", {"C#": 2, "F#": 3}),
        ("{true: 2, null: 3, 1.5: 4}", {"true": 2, "null": 3, "1.5": 4}),
        ("{0: neg, 1: pos}", {0: "neg", 1: "pos"}),
        ("{New York: 2}", {"New York": 2}),
        ("{it's: 1}", {"it's": 1}),
        ("{a\\,b: 1}", {"a,b": 1}),
        ("{a: {ü: [é, 1]}}", {"a": {"ü": ["é", 1]}}),
        ("[lab.jsonl,Größe.jsonl]", ["lab.jsonl", "Größe.jsonl"]),
        ("[lab.jsonl, a=b.jsonl, report (1).txt]", ["lab.jsonl", "a=b.jsonl", "report (1).txt"]),
        ("['a, b', é, true, null, 3]", ["a, b", "é", True, None, 3]),
        ("[parts[1].txt,b#2]", ["parts[1].txt", "b#2"]),
        ("[<e1>,</e1>]", ["<e1>", "</e1>"]),
        ("[${model.name},é]", ["${model.name}", "é"]),
        ("per_label.part-of(e1,e2).f1", "per_label.part-of(e1,e2).f1"),
        ("{}", {}),
        ("[]", []),
    ],
)
def test_structures_with_names_of_any_characters(value: str, read: Any) -> None:
    assert value_of(f"key={value}") == read


@pytest.mark.parametrize(
    "value", ["[é,]", "[,é]", "{é}", "{é: 1", "[é", "[é]x", '{"é: 1}', "choise(1,2)", "é,ü", "{é: 1,}"]
)
def test_what_is_not_whole_is_left_to_the_message(value: str) -> None:
    assert readable(f"key={value}") == f"key={value}"


def test_a_sweep_has_values_of_any_characters() -> None:
    word = readable("key={Größe: 1},{'a,b': 2},é", sweep=True)
    assert list(parser().parse_override(word).sweep_iterator())[:2] == [{"Größe": 1}, {"a,b": 2}]
    word = readable("key={true: 1},{null: 2}", sweep=True)
    assert list(parser().parse_override(word).sweep_iterator()) == [{"true": 1}, {"null": 2}]


@pytest.mark.parametrize("value", [{"Größe": 2}, {"a,b": {"true": None}}, [{"'": "it's"}], {"json(": ["json('x')"]}])
def test_a_mapping_that_was_handed_on_is_written_as_it_was(value: Any) -> None:
    word = f"key={as_word(value)}"
    assert as_people_write(readable(word)) == word


def test_values_of_python_keep_their_keys() -> None:
    [word] = override_words({"key": {"Größe": 1, "a,b": {"true": "${x}"}}})
    assert value_of(word) == {"Größe": 1, "a,b": {"true": "\\${x}"}}


@pytest.mark.parametrize("folder", ["a,b", "\"q\" 'p',$HOME"])
def test_the_advice_for_a_text_works_when_it_is_pasted(ftk: Callable[..., Result], folder: str) -> None:
    refused = ftk("finetune", f"run.dir={folder}")
    assert refused.code == 1
    [advice] = re.findall(r"write (.*)", refused.err)
    [words] = by_bash([f"ftk {advice}"])
    assert compose("finetune", words, check=lambda config, command: []).config.run.dir == folder


def test_the_advice_for_a_key_works_when_it_is_pasted(ftk: Callable[..., Result]) -> None:
    refused = ftk("finetune", "task=text-classification", "+task.class_weights.it's #1=2.5")
    [advice] = re.findall(r"in a mapping: (.*)", refused.err)
    [words] = by_bash([f"ftk {advice}"])
    config = compose("finetune", ["task=text-classification", *words], check=lambda config, command: []).config
    assert config.task["class_weights"] == {"it's #1": 2.5}


@pytest.mark.parametrize("word", ["+experiment=ner-demo"])
def test_a_group_that_is_added_is_to_blame_itself(ftk: Callable[..., Result], word: str) -> None:
    refused = ftk("finetune", "optimizer.lr=1e-3", word, "run.dir=x")
    assert refused.err.split("\n\n")[1].split("\n")[0].strip() == word
    assert f"leave out the +: {word[1:]}." in refused.err


@pytest.mark.parametrize("folder", ["a, b's é", 'say "x"', "$HOME #1 😀", "plain"])
def test_the_command_that_converts_works_when_it_is_pasted(folder: str) -> None:
    Path(folder).mkdir()
    Path(folder, "config.json").write_text("{}")
    Path(folder, "pytorch_model.bin").write_bytes(b"\x80")
    with pytest.raises(ModelError) as error:
        check_weights(Path(folder))
    [line] = re.findall(r"['`](ftk convert .*)['`] and name", str(error.value))
    assert by_bash([line]) == [["convert", folder, f"{folder}-safetensors"]]


@pytest.mark.parametrize("name", ["a b", "it's", "a,b", "Größe", "[x]", "a.b"])
def test_the_advice_for_columns_works_when_it_is_pasted(name: str) -> None:
    rows = [Row({"text": "x", name: number % 2}, "a.jsonl", number) for number in range(4)]
    with pytest.raises(DataError) as error:
        refuse_truth_values([Row({"text": "x", "labels": one.values[name]}, "a.jsonl", 1) for one in rows], {})
    notes = Notes()
    assert refuse_columns(rows, {}, LABEL_COLUMNS, notes)
    [listed] = re.findall(r"data\.columns\.label=.*(?= reads each)", str(next(iter(notes))))
    assert "data.columns.label='[labels]'" in str(error.value)
    assert [value_of(word) for [word] in by_bash([f"ftk {listed}"])] == [[name]]


@pytest.mark.parametrize(
    ("key", "known", "name"),
    [
        (True, ["yes", "Größe"], "yes"),
        (False, ["No", "x"], "No"),
        (True, ["yes", "on"], "true"),
        (False, ["a"], "false"),
        (1, ["1", "2"], "1"),
        (1.5, ["1.5"], "1.5"),
        ("yes", ["yes"], "yes"),
    ],
)
def test_a_key_that_yaml_reads_as_a_truth_value_is_a_name(key: Any, known: list[str], name: str) -> None:
    assert name_of_key(key, known) == name


def test_null_is_no_name_of_a_label() -> None:
    with pytest.raises(ConfigError) as error:
        read_names(["a b", None, True])
    [words] = by_bash([f"ftk {str(error.value).rpartition(' task.')[2]}"])
    assert value_of(words[0]) == ["a b", "null", True]


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.parametrize("folder", ["a, b='c' {d}=é 😀 [x] #1", 'it\'s "$HOME" \\ `x` ~', "[bold]x[/bold] :smile: a=b"])
def test_the_command_that_resumes_works_when_it_is_pasted(ftk: Callable[..., Result], folder: str) -> None:
    stopped = ftk(
        "finetune", *TINY, "data.limit=16", "train.epochs=2", "run.stop_after=1", f"run.dir={as_word(folder)}"
    )
    assert stopped.code == 0
    [line] = [line for line in (stopped.out + stopped.err).splitlines() if line.startswith("ftk finetune ")]
    [words] = by_bash([line])
    assert ftk(*words).code == 0
    assert (Path(folder) / "metrics.json").is_file()


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.parametrize("name", ["two\nlines", "# cr\r\nlf: x", "\x1b[1m\ttab", "ls\u2028ps\u2029", "\n"])
def test_a_run_with_a_word_of_several_lines_goes_on(ftk: Callable[..., Result], name: str) -> None:
    data = write_conll(f"{name}.conll", toy_sentences(8))
    word = f"data.train={as_word(data)}"
    stopped = ftk("finetune", *TINY, word, "train.epochs=2", "run.stop_after=1", "run.dir=run")
    assert stopped.code == 0, stopped.err
    text = Path("run/config.yaml").read_bytes().decode()
    line = text.splitlines()[0]
    assert yaml.safe_load(text)["data"]["train"] == data
    assert word in words_of(line.removeprefix("# "))
    [words] = by_bash([line.removeprefix("# ")])
    assert word in words
    resumed = ftk(*[one for one in words if not one.startswith("run.stop_after")], "run.resume=true")
    assert resumed.code == 0, resumed.err
    assert Path("run/metrics.json").is_file()
