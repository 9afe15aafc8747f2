"""Hidden states of a frozen encoder for texts and for their words, computed once and kept in the cache.

States are found again by what they are made of: the SHA-256 of the files of the model, the tokenizer, the windows, the
layers, the pooling, the precision, and the text itself. So heads can be fitted, again and again, at the cost of one
forward pass over each text.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.config.choices import Init, Precision
from ftk.config.schema import DataConfig, HardwareConfig, ModelConfig
from ftk.contracts.notes import Notes
from ftk.contracts.text_prefix import TextPrefix
from ftk.contracts.values import WindowPlan
from ftk.core.evaluate import Runner
from ftk.core.hardware import choose
from ftk.core.non_finite import note_broken_weights
from ftk.data.batching.features import Features, Ragged
from ftk.data.text.text_windows import TextEncoder, takes_segments
from ftk.data.text.tokenizing import tokenized
from ftk.data.text.word_windows import SubwordEncoder
from ftk.errors import ModelError
from ftk.inference.states.store import Part, States, stored_states
from ftk.inference.states.ways import TEXTS_AT_ONCE, OfWords, Pooled, Pooling
from ftk.kernels import Unfit, prediction_ways, use_proven_kernels
from ftk.models.configs.encoder_decoder_config import encoder_of
from ftk.models.forward.padding_probe import layout_of, note_layout
from ftk.models.loading.load import load_weights
from ftk.models.loading.locate import locate
from ftk.models.loading.provenance import provenance
from ftk.models.loading.sentence_encoder import VECTORS, sentence_length
from ftk.models.loading.source import Source, reopen_model, window_length
from ftk.models.loading.text_prefix import named_prefixes, own_prefix
from ftk.report.console import Console
from ftk.system.cache import cache_folder, cache_key

FOLDER = "states"
"""The folder of the cache with the states of all encoders."""
_FORMAT = 1
_ROWS_OF_WORDS = 2048
"""Texts whose words are computed together, and make a shard."""


@dataclass(frozen=True)
class FrozenEncoder:
    """An encoder that is not trained. Its weights are read when the first text has no states yet.

    Attributes:
        source: the model, without its weights.
        windows: how long texts are cut.
        hardware: where it runs.
        cache_dir: of the config.
        console: shows what is loaded, found and computed.
    """

    source: Source
    windows: WindowPlan
    hardware: HardwareConfig
    cache_dir: str | None
    console: Console

    @classmethod
    def open(cls, model: ModelConfig, data: DataConfig, hardware: HardwareConfig, console: Console) -> FrozenEncoder:
        """Find a model, and read all of it but its weights.

        Args:
            model: the model section of a config.
            data: its max_length and stride cut long texts; its cache_dir is used.
            hardware: the hardware section of a config.
            console: shows what is loaded, found and computed.

        Raises:
            ModelError: it is not found, it has no pretrained weights, or it does not read texts.
        """
        if model.init is not Init.pretrained or model.name is None or model.towers:
            raise ModelError(
                "model: states are those of a pretrained encoder of texts; choose one, such as model=minilm, or "
                "model=auto model.name=<folder or hub id>."
            )
        source = reopen_model(locate(model).folder, None, ("text",))
        own = sentence_length(source.folder) if source.folder is not None else None
        length = window_length(source, data.max_length)
        length = min(length, own) if own is not None and data.max_length is None else length
        named = {**own_prefix(source.folder).to_json(), **named_prefixes(model)}
        prefix = TextPrefix.of(named).only(("text", "pair"))
        windows = WindowPlan.of(length, data.stride, data.max_windows, prefix)
        return cls(source, windows, hardware, data.cache_dir, console)

    @property
    def word_layers(self) -> tuple[int, ...]:
        """The layers whose states say most of single words: the one in the middle, and the last but one."""
        layers = getattr(encoder_of(self.source.config), "num_hidden_layers", None)
        return (-1,) if not isinstance(layers, int) or layers < 2 else tuple(dict.fromkeys((layers // 2, layers - 1)))

    def states(
        self,
        texts: Sequence[str],
        pairs: Sequence[str] | None = None,
        *,
        pooling: Pooling = Pooling.mean,
        layers: tuple[int, ...] = (-1,),
    ) -> States:
        """One state for each text, or for each pair of texts, in fp32; the prefixes of the model stand before them.

        Args:
            texts: any number of them.
            pairs: the second text of each.
            pooling: how the states of the tokens become one; those of all windows of a text together.
            layers: numbered as transformers numbers hidden states: -1 is the last, 0 the embeddings. Of several, the
                states are concatenated.
        """
        parts = [texts] if pairs is None else [texts, pairs]
        keys = _keys(zip(*parts, strict=True))
        way = Pooled(pooling, layers)

        def make(numbers: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], Part]]:
            for some in _parts(numbers, TEXTS_AT_ONCE):
                chosen = [[part[number] for number in some] for part in parts]
                features = self._text_features(chosen[0], chosen[1] if pairs is not None else None)
                found = self._computed(way, range(len(some)), features)
                yield some, Part(np.stack(found))

        before = {"prefix": prefix.to_json()} if (prefix := self.windows.prefix) else {}
        return self._stored(keys, {"pooling": pooling.value, "layers": list(layers), "of": "texts", **before}, make)

    def word_states(
        self,
        texts: Sequence[str],
        words: Sequence[tuple[Sequence[int], Sequence[int]]],
        *,
        layers: tuple[int, ...] = (-1,),
    ) -> States:
        """One state for each word of each text, the mean over its sub-words, in fp16; ``States.units`` reads them.

        Args:
            texts: any number of them.
            words: for each text, the characters at which its words begin and end.
            layers: as in ``states``.
        """
        keys = _keys(
            (text, np.array([*starts, *ends], dtype=np.int64).tobytes())
            for text, (starts, ends) in zip(texts, words, strict=True)
        )
        way = OfWords(layers, encoder_of(self.source.config).hidden_size * len(layers))

        def make(numbers: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], Part]]:
            for some in _parts(numbers, _ROWS_OF_WORDS):
                own = [words[number] for number in some]
                features = self._word_features([texts[number] for number in some], own)
                found = self._computed(way, [len(starts) for starts, _ in own], features)
                starts = np.cumsum([0, *map(len, found)])
                yield some, Part(np.concatenate(found).astype(np.float16), starts)

        return self._stored(keys, {"pooling": "mean", "layers": list(layers), "of": "words"}, make)

    def token_states(
        self, texts: Sequence[str], *, layers: tuple[int, ...] = (-1,)
    ) -> tuple[States, list[NDArray[np.int64]]]:
        """One state for each sub-word of each text, in fp16, and for each text [sub-words, 2] their characters.

        Args:
            texts: any number of them.
            layers: as in ``states``.
        """
        spans = [
            np.asarray(offsets, dtype=np.int64).reshape(-1, 2)
            for _, offsets in tokenized(self.source.tokenizer, texts, offsets=True)
        ]
        return self.word_states(
            texts, [(one[:, 0].tolist(), one[:, 1].tolist()) for one in spans], layers=layers
        ), spans

    def _stored(self, keys: NDArray[Any], way: dict[str, Any], make: Any) -> States:
        chosen = choose(self.hardware)
        facts = {
            "what": "hidden states of a frozen encoder",
            "format": _FORMAT,
            "model": self._model,
            "length": self.windows.length,
            "stride": self.windows.stride,
            "max_windows": self.windows.max_windows,
            "device": chosen.device.type,
            "precision": chosen.precision.value,
            **way,
        }
        folder = cache_folder(self.cache_dir) / FOLDER / cache_key(facts)
        named = {"origin": self.source.origin, **facts}
        return stored_states(folder, keys, named, make, self.console.say)

    @cached_property
    def _model(self) -> dict[str, Any]:
        """What the states are made of, without the place of the model: its files and its tokenizer."""
        found = provenance(self.source)
        return {"files": found["files"], "tokenizer": found.get("tokenizer")}

    def _text_features(self, texts: Sequence[str], pairs: Sequence[str] | None) -> Features:
        encoder = TextEncoder(self.source.tokenizer, self.windows, pairs=pairs is not None)
        firsts = encoder.tokens(texts, role="text")
        seconds = None if pairs is None else encoder.tokens(pairs, role="pair")
        rows: list[int] = []
        ids: list[NDArray[np.int32]] = []
        segments: list[NDArray[np.int32]] = []
        for number, (first, _) in enumerate(firsts):
            for window in encoder.windows(first, None if seconds is None else next(seconds)[0]):
                rows.append(number)
                ids.append(window.input_ids)
                segments.append(np.array([window.segment], dtype=np.int32))
        columns = {"input_ids": Ragged.of(ids)}
        if pairs is not None and takes_segments(self.source.tokenizer):
            columns["segment"] = Ragged.of(segments)
        return Features(columns, np.array(rows, dtype=np.int64), self.source.pad_id)

    def _word_features(self, texts: Sequence[str], words: Sequence[tuple[Sequence[int], Sequence[int]]]) -> Features:
        encoder = SubwordEncoder(self.source.tokenizer, self.windows)
        rows: list[int] = []
        columns: dict[str, list[NDArray[np.int32]]] = {"input_ids": [], "position": [], "word": []}
        for number, row in enumerate(encoder.encode(texts, words, shared=True)):
            for window in row.windows:
                rows.append(number)
                for name, values in columns.items():
                    values.append(getattr(window, name))
        ragged = {name: Ragged.of(values) for name, values in columns.items()}
        return Features(ragged, np.array(rows, dtype=np.int64), self.source.pad_id)

    def _computed(self, way: Pooled | OfWords, rows: Sequence[int], features: Features) -> list[NDArray[Any]]:
        runner = dataclasses.replace(self._runner, runnable=way)
        return [state for _, state in runner.predictions(rows, features)]

    @cached_property
    def _runner(self) -> Runner:
        """The model with its weights."""
        hardware = choose(self.hardware)
        loaded = load_weights(self.source, VECTORS, seed=0)
        if loaded.missing:
            raise ModelError(f"{self.source.origin}: the weights lack tensors of the encoder: {loaded.missing[:4]}.")
        self.console.say(loaded.facts[0])
        notes = self.source.notes
        note_broken_weights(loaded.model, notes)
        layout = layout_of(loaded.model, self.source.tokenizer, VECTORS, self.source.limit)
        note_layout(layout, loaded.model, notes)
        model = loaded.model.to(hardware.device).eval()
        if hardware.device.type == "cpu":
            int8 = hardware.precision is Precision.int8
            ways = prediction_ways(hardware.dtype, rows=self.hardware.eval_tokens, int8=int8)
            try:
                use_proven_kernels(model, ways, hardware.dtype, cache_dir=self.cache_dir, notes=Notes())
            except Unfit as error:
                hardware = hardware.for_fp32_model(self.hardware, type(model).__name__, str(error))
        self.console.report(notes.drain())
        return Runner(
            model=model,
            runnable=Pooled(Pooling.mean, (-1,)),
            labels=None,
            hardware=hardware,
            batch_tokens=self.hardware.eval_tokens,
            poll=lambda: None,
            layout=layout,
        )


def _parts(numbers: NDArray[np.int64], at_once: int) -> Iterator[NDArray[np.int64]]:
    for begin in range(0, len(numbers), at_once):
        yield numbers[begin : begin + at_once]


def _keys(values: Iterable[tuple[str | bytes, ...]]) -> NDArray[Any]:
    """[texts] 16 bytes for each: a hash of its parts and their lengths."""
    found = []
    for parts in values:
        digest = hashlib.blake2b(digest_size=16)
        for part in parts:
            encoded = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
            digest.update(len(encoded).to_bytes(8, "little") + encoded)
        found.append(digest.digest())
    return np.array(found, dtype="S16")
