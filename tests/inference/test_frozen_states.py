"""States of a frozen encoder: those of plain transformers, computed once, and again where they are damaged."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ftk.inference.states.store import INDEX
from small_models import save_model_folder

pytestmark = pytest.mark.torch
TEXTS = ["Ada went to Oslo", "hello world .", "Boris Berg went by slow train again"]


class Spoken:
    """A console that keeps what it is told."""

    def __init__(self) -> None:
        from ftk.report.console import Console

        self.said: list[str] = []
        self.console = Console(quiet=True)
        self.console.say = lambda text, **_: self.said.append(text)  # type: ignore[method-assign]

    def saying(self, words: str) -> int:
        return sum(words in text for text in self.said)


def encoder(spoken: Spoken, *words: str) -> Any:
    from ftk.api.training import compose
    from ftk.inference.states.frozen import FrozenEncoder

    if not Path("m").is_dir():
        save_model_folder(Path("m"), "bert", "AutoModel")
    precision = ("hardware=cpu", "hardware.precision=fp32", "hardware.threads=1")
    config = compose("task=text-classification", "model=auto", "model.name=m", *precision, *words)
    return FrozenEncoder.open(config.model, config.data, config.hardware, spoken.console)


def hidden(text: str, layer: int) -> tuple[np.ndarray, np.ndarray]:
    """[tokens, size] the states of plain transformers, and [tokens, 2] the characters of the tokens."""
    import torch
    import transformers

    model = transformers.AutoModel.from_pretrained("m").eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained("m")
    inputs = tokenizer(text, return_tensors="pt", return_offsets_mapping=True)
    places = inputs.pop("offset_mapping")[0].numpy()
    with torch.no_grad():
        states = model(**inputs, output_hidden_states=True).hidden_states[layer]
    return states[0].numpy(), places


def test_states_are_those_of_transformers() -> None:
    from ftk.inference.states.ways import Pooling

    opened = encoder(Spoken())
    for pooling, pooled in {Pooling.mean: np.mean, Pooling.max: np.max}.items():
        expected = [pooled(hidden(text, -1)[0], axis=0) for text in TEXTS]
        assert np.asarray(opened.states(TEXTS, pooling=pooling)) == pytest.approx(np.array(expected), abs=1e-5)
    first = [np.concatenate([hidden(text, layer)[0][0] for layer in (1, -1)]) for text in TEXTS]
    found = opened.states(TEXTS, pooling=Pooling.first, layers=(1, -1))
    assert found[:] == pytest.approx(np.array(first), abs=1e-5)


def test_texts_have_the_prefix_of_the_model_and_states_of_their_own() -> None:
    opened = encoder(Spoken(), 'model.text_prefix.text="to "')
    expected = [hidden(f"to {text}", -1)[0].mean(axis=0) for text in TEXTS]
    assert np.asarray(opened.states(TEXTS)) == pytest.approx(np.array(expected), abs=1e-5)
    assert np.asarray(encoder(Spoken()).states(TEXTS)) != pytest.approx(np.array(expected), abs=1e-5)


def test_words_have_the_mean_of_their_sub_words() -> None:
    opened = encoder(Spoken())
    words = [([0, 4], [3, 8]), ([0], [5]), ([], [])]
    states, starts = opened.word_states(TEXTS, words, layers=(1,)).units()
    assert starts.tolist() == [0, 2, 3, 3]
    expected = []
    for text, (begins, ends) in zip(TEXTS, words, strict=True):
        values, places = hidden(text, 1)
        for begin, end in zip(begins, ends, strict=True):
            inside = (places[:, 0] >= begin) & (places[:, 1] <= end) & (places[:, 1] > places[:, 0])
            expected.append(values[inside].mean(0))
    assert states.astype(np.float32) == pytest.approx(np.array(expected), abs=5e-3)  # they are kept in fp16


def test_long_texts_have_the_states_of_all_their_windows() -> None:
    opened = encoder(Spoken(), "data.max_length=12", "data.stride=2")
    states, _ = opened.token_states([" ".join(TEXTS * 4)])
    found, starts = states.units()
    assert starts.tolist() == [0, len(found)]
    assert np.isfinite(found).all()
    assert np.abs(found).sum(1).min() > 0


def test_states_are_computed_once_and_again_where_they_are_damaged() -> None:
    spoken = Spoken()
    before = encoder(spoken).states([*TEXTS, TEXTS[0]])[:]
    assert np.array_equal(before[0], before[3])
    assert spoken.saying("weights:") == 1
    again = encoder(spoken).states(TEXTS[::-1])[:]
    assert np.array_equal(again[::-1], before[:3])
    assert spoken.saying("weights:") == 1  # they were not read again
    [folder] = Path("cache/states").iterdir()
    [shard] = folder.glob("*.states.npy")
    shard.write_bytes(shard.read_bytes()[:-4] + b"\0\0\0\0")
    assert np.array_equal(encoder(spoken).states(TEXTS)[:], before[:3])
    assert spoken.saying("damaged") == 1
    (folder / INDEX).write_text("{")
    assert np.array_equal(encoder(spoken).states(TEXTS)[:], before[:3])
    assert spoken.saying("damaged") == 2
