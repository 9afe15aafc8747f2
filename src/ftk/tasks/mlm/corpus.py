"""The texts of all splits for pretraining: read as a stream, tokenized into a cache, packed into blocks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ftk.config.data_choices import Documents, Format
from ftk.config.schema import DataConfig
from ftk.contracts import finding_kinds as shared_kinds
from ftk.contracts.contexts import Encoding
from ftk.contracts.notes import Notes
from ftk.contracts.progress import Progress
from ftk.contracts.row import Row
from ftk.contracts.values import Labels, Prepared
from ftk.data.documents.reading import TextChunk, documents
from ftk.data.documents.token_store import STORE_VERSION, TokenStore
from ftk.data.readers.corpora.saved_datasets import files_of
from ftk.data.readers.decoding.encodings import AUTO, UTF8
from ftk.data.readers.decoding.lines import COMPRESSED
from ftk.data.readers.paths import expand
from ftk.data.readers.places.sources import note_sources, sources_of
from ftk.data.readers.recognition.recognising import kind_of
from ftk.data.readers.splits import demo_files, fingerprint, uses_demo
from ftk.data.readers.tables.dialect import is_tab_separated
from ftk.data.splitting.limits import limit_of
from ftk.data.text.block_frame import BlockFrame
from ftk.data.text.plain_text import plain_text
from ftk.errors import DataError, Interrupted
from ftk.system.cache import cache_folder, cache_key
from ftk.system.processors import processors
from ftk.tasks import finding_kinds as kinds
from ftk.tasks.mlm.blocks import Blocks
from ftk.tasks.mlm.holding_out import held_out

_VERSION = 3
"""The version of the code that reads texts. It is part of the keys of the cache, so that what an older version made is
not used."""
MakeBlocks = Callable[[TokenStore, NDArray[np.int64], int, BlockFrame], Blocks]
"""Packs some documents of a store into blocks of a length, framed by special tokens."""


@dataclass(slots=True)
class TextCorpus:
    """The texts of each split: where they are, and what they become.

    Attributes:
        data: the data section of the config.
        files: by split.
        datasets: for data=hub, the slice of the dataset by split.
        words: whether the store must know where words begin.
        blocks: packs documents into blocks.
        task: the task that uses the texts; it sets itself here.
    """

    data: DataConfig
    files: dict[str, tuple[Path, ...]]
    datasets: dict[str, str]
    words: bool
    blocks: MakeBlocks
    task: Any = None
    labels: Labels | None = None
    _digests: dict[str, dict[str, str]] = field(default_factory=dict)

    @classmethod
    def open(
        cls,
        data: DataConfig,
        names: Iterable[str],
        notes: Notes,
        *,
        demo: str,
        words: bool,
        blocks: MakeBlocks,
    ) -> TextCorpus:
        """Find the files of each split, and read the first document of each.

        Args:
            data: the data section of the config.
            names: of the splits; the first one is required.
            notes: collects faults and facts.
            demo: the folder of the demo corpus, for a config that names no data.
            words: whether the store must know where words begin.
            blocks: packs documents into blocks.

        Raises:
            DataError: a split that is needed is not named, or holds no text.
        """
        names = tuple(names)
        files: dict[str, tuple[Path, ...]] = {}
        slices: dict[str, str] = {}
        if uses_demo(data):
            notes.add(kinds.DEMO_TEXTS, what="training" if "train" in names else "scoring", key=names[0])
            files = {name: (demo_files(demo)[name],) for name in names}
        else:
            for name in names if data.format is Format.hub else ():
                if (spec := getattr(data, name)) is not None:
                    slices[name] = str(spec)
                    files[name] = ()
            sources = {} if data.format is Format.hub else sources_of(data, names)
            note_sources(sources, notes, texts_alone=True)
            for name, source in sources.items():
                files[name] = tuple(expand(source.spec, key=source.key))
        if names[0] not in files:
            raise DataError(f"data.{names[0]}: name the texts; {', '.join(files) or 'nothing'} alone is not enough.")
        corpus = cls(data, files, slices, words, blocks)
        for name in files:
            if next(iter(corpus.pieces(name, Notes())), None) is None:
                listed = ", ".join(map(str, files[name])) or str(data.name)
                raise DataError(f"data.{name}: there is no text in {listed}.")
        return corpus

    def fingerprints(self) -> dict[str, dict[str, str]]:
        """The SHA-256 of each file, by split."""
        if not self._digests:
            self._digests = {name: fingerprint(files) for name, files in self.files.items()}
            for name, part in self.datasets.items():
                from ftk.data.readers.hub import dataset_fingerprint

                assert self.data.name is not None
                made_of = dataset_fingerprint(self.data.name, self.data.subset, self.data.revision, part)
                self._digests[name] = {f"{self.data.name}[{part}]": made_of}
        return self._digests

    def texts(self) -> Iterator[str]:
        """The texts of the training split, one piece of a document at a time."""
        return (piece.text for piece in self.pieces("train", Notes()))

    def vocabulary_file(self, settings: Any) -> Path:
        """The file that keeps a vocabulary learned from the training texts with these settings."""
        key = cache_key({"vocabulary": asdict(settings), "texts": self._settings("train"), "offsets": "trimmed"})
        return cache_folder(self.data.cache_dir) / "vocabularies" / f"{key}.json"

    def prepare(self, encoding: Encoding, progress: Progress) -> dict[str, Prepared]:
        """Tokenize each split, or open what was tokenized before, and pack it into blocks.

        Raises:
            DataError: the texts cannot be read, or there are too few to hold some out.
        """
        notes = encoding.notes
        frame = BlockFrame.of(encoding.processor)
        stores = {name: self._store(name, encoding.processor, progress) for name in self.files}
        for name, store in stores.items():
            with notes.of(name):
                notes.extend(store.manifest.findings)
        prepared = {}
        for name, kept in self._documents(stores, notes).items():
            store = stores["train" if name not in stores else name]
            blocks = self.blocks(store, kept, encoding.windows.length, frame)
            if not len(blocks):
                known = (
                    "it has no word that the vocabulary knows" if blocks.left_out else "it is empty after tokenization"
                )
                raise DataError(f"data.{name}: there is nothing to learn from the text: {known}.")
            with notes.of(name):
                notes.add(kinds.BLOCKS, blocks=blocks.counts())
            self._note_small(name, blocks, notes)
            prepared[name] = Prepared(range(len(blocks)), blocks)
        return prepared

    def _store(self, name: str, tokenizer: Any, progress: Progress) -> TokenStore:
        import tokenizers

        from ftk.data.documents.tokenizing import prepare

        made_of = hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest()
        settings = {**self._settings(name), "tokenizer": made_of, "words": self.words}
        settings["made_by"] = [STORE_VERSION, tokenizers.__version__]
        folder = cache_folder(self.data.cache_dir) / "tokens" / cache_key(settings)
        notes = Notes()
        try:
            with progress.preparing(f"{name}: tokenizing", self._bytes(name)) as show:
                store = prepare(
                    folder,
                    settings,
                    lambda: self.pieces(name, notes),
                    plain_text(tokenizer).backend,
                    words=self.words,
                    workers=self.data.workers or processors(),
                    say=progress.say,
                    progress=show,
                    notes=lambda: list(notes.drain()),
                )
        except Interrupted as stop:
            raise Interrupted(
                stop.signal_number,
                f"stopped while tokenizing; the finished shards are kept in {folder}, and the same command resumes "
                "behind them.",
            ) from stop
        manifest = store.manifest
        unknown = f", {manifest.unknown:,} of them unknown to the vocabulary" if manifest.unknown else ""
        texts = f"{len(store):,} document{'s' if len(store) != 1 else ''}"
        progress.say(f"{name}: {manifest.tokens:,} tokens in {texts}{unknown} ({folder})")
        return store

    def _documents(self, stores: dict[str, TokenStore], notes: Notes) -> dict[str, NDArray[np.int64]]:
        """The documents of each split, in the order train, validation, test."""
        kept = {name: np.arange(len(store), dtype=np.int64) for name, store in stores.items()}
        if "train" in stores and (len(stores) > 1 or self.data.validation_share > 0):
            prints = {name: store.fingerprints() for name, store in stores.items()}
            self._note_overlap(prints, notes)
        if "train" in stores and "validation" not in stores:
            if self.data.validation_share == 0:
                notes.add(shared_kinds.NO_VALIDATION)
                return kept
            held = held_out(np.diff(stores["train"].starts), prints["train"], self.data)
            share = np.diff(stores["train"].starts)[held].sum() / stores["train"].manifest.tokens
            notes.add(
                kinds.DOCUMENTS_HELD_OUT,
                held=len(held),
                total=len(kept["train"]),
                percent=100 * float(share),
                share=self.data.validation_share,
                tokens=self.data.validation_tokens,
                seed=self.data.split_seed,
            )
            kept["train"] = np.setdiff1d(kept["train"], held, assume_unique=True)
            kept["validation"] = held
        return {name: kept[name] for name in ("train", "validation", "test") if name in kept}

    def _note_overlap(self, prints: dict[str, NDArray[np.uint64]], notes: Notes) -> None:
        for name in ("validation", "test"):
            if name in prints:
                shared = int(np.count_nonzero(np.isin(prints[name], prints["train"]) & (prints[name] > 0)))
                if shared:
                    notes.add(kinds.DOCUMENT_OF_TRAINING, number=shared, part=name)

    def _note_small(self, name: str, blocks: Blocks, notes: Notes) -> None:
        if blocks.left_out:
            with notes.of(name):
                notes.add(kinds.UNKNOWN_BLOCK, number=blocks.left_out)
        if name == "train" and len(blocks) < 2:
            notes.add(kinds.ONE_BLOCK, length=blocks.length)

    def pieces(self, name: str, notes: Notes) -> Iterator[TextChunk]:
        """The texts of a split, one piece of a document at a time.

        Args:
            name: of the split.
            notes: collects what is left out.

        Raises:
            DataError: a file cannot be read.
        """
        rows: Iterable[Row] | None = None
        if name in self.datasets:
            from ftk.data.readers.hub import read_hub

            assert self.data.name is not None
            rows = read_hub(self.data.name, self.data.subset, self.data.revision, self.datasets[name])
        data = replace(self.data, limit=limit_of(self.data.limit, name))
        return documents(self.files[name], data, notes, rows)

    def _bytes(self, name: str) -> int:
        return sum(
            file.stat().st_size for path in self.files[name] for file in (files_of(path) if path.is_dir() else [path])
        )

    def _settings(self, name: str) -> dict[str, Any]:
        """All settings that the chunks of a split depend on."""
        data = self.data
        digests = self.fingerprints()[name]
        return {
            "version": _VERSION,
            # A file that is named twice is read twice.
            "texts": [digests[str(path)] for path in self.files[name]] or list(digests.values()),
            "formats": [self._reading(path) for path in self.files[name]],
            "documents": (data.documents or Documents.blank_line).value,
            "columns": {role: column for role, column in data.columns.items() if column is not None},
            "encoding": UTF8 if data.encoding == AUTO else data.encoding,
            "limit": limit_of(data.limit, name),
            "duplicates": data.duplicates.value,
            "duplicate_lines": data.duplicate_lines.value,
        }

    def _reading(self, path: Path) -> list[str | None]:
        """The part of a file name that decides how the file is read."""
        kind = self.data.format.value
        if path.is_dir():
            kind = "saved"
        elif self.data.format is Format.auto:
            kind = kind_of(path, self.data.encoding, labelled=False)
        compressed = COMPRESSED.get(path.suffix.lower())
        if kind != "csv":
            return [kind, None, compressed]
        separator = "tab" if is_tab_separated(path) else None
        return [kind, self.data.delimiter or separator, compressed, self.data.quoting.value]
