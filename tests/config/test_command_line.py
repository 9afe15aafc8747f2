"""Flags and overrides told apart; values that Hydra's grammar cannot read."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from ftk.config.command_line import CommandLine, as_text, readable


@pytest.mark.parametrize(
    ("argv", "flags", "words"),
    [
        ([], {}, ()),
        (["a=1", "-m", "b=2"], {"--multirun": ""}, ("a=1", "b=2")),
        (["--cfg", "job", "a=1"], {"--cfg": "job"}, ("a=1",)),
        (["-c=job", "a=1"], {"--cfg": "job"}, ("a=1",)),
        (["--config-dir", "my=dir", "a=1"], {"--config-dir": "my=dir"}, ("a=1",)),
        (["-cd", "dir", "--multirun"], {"--config-dir": "dir", "--multirun": ""}, ()),
        (["--info", "a=1"], {"--info": "all"}, ("a=1",)),
        (["--info", "searchpath"], {"--info": "searchpath"}, ()),
        (["-c", "job", "-p", "model", "--resolve"], {"--cfg": "job", "--package": "model", "--resolve": ""}, ()),
    ],
)
def test_flags_and_words(argv: list[str], flags: dict[str, str], words: tuple[str, ...]) -> None:
    line = CommandLine.parse(argv)
    assert (line.flags, line.words, line.written, line.mistakes) == (flags, words, words, [])


def value_of(word: str) -> object:
    return OverridesParser.create().parse_override(readable(word)).value()


@pytest.mark.parametrize(
    "value",
    [
        "runs/sweep/0-optimizer.lr=0.001_model=tiny/best",
        "/home/josé/中文.conll",
        "~/data/train.conll",
        "it's.txt",
        "report (1).txt",
        "a;b#c!d&e",
        "back\\slash=x",
        "trailing=\\",
        "==",
        "say \"hi\" = 'ho'",
    ],
)
def test_a_text_that_the_grammar_cannot_read_is_taken_as_it_stands(value: str) -> None:
    assert readable(f"key={value}") != f"key={value}"
    assert value_of(f"key={value}") == value


@pytest.mark.parametrize(
    "word",
    [
        "a=1",
        "a=b c",
        "a=",
        "a=1,2",
        "a=[1,2",
        "a={b:c",
        "a='b",
        'a="b',
        "a=${b",
        "a",
        "~a",
        "a b=c=d",
        "a=é,ü",
        "a=*.x",
    ],
)
def test_what_can_be_read_or_has_a_structure_is_left_alone(word: str) -> None:
    assert readable(word) == word


@pytest.mark.parametrize("value", ["a,b", "[x", "{", "it's, here", "é", "", "\\", "\\'"])
def test_as_text_is_what_it_says(value: str) -> None:
    assert OverridesParser.create().parse_override(as_text("key", value)).value() == value
