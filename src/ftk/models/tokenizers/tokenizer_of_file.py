"""Reads a tokenizer from its ``tokenizer.json`` where the class that transformers takes reads texts otherwise."""

import json
from pathlib import Path
from typing import Any

from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.errors import ModelError
from ftk.models.tokenizers.tokenizer_files import WHOLE, not_loaded

PROBES = (
    "The quick brown fox jumps over the lazy dog, and won't stop running; it wasn't tired.",
    "RED Fox ran HOME. Mr. O'Neill paid $1,234.56 (7% more) on 2024-01-31 - by e-mail: a_b@c.org/x?y=1 #tag",
    "Füße, naïve café, Ångström, İstanbul, señor; Œuvre ﬁve ½ ² – “quoted” … ©",
    "Привет, Мир! Ελληνικά. שלום عليكم हिन्दी ไทย 私は東京で働く。中文字 한국어 😀👍🏽",
    "  two  spaces\tand a tab\nand a line  ",
)
"""Texts in several scripts and cases, with digits and punctuation."""
_ROLES = {
    "unk_token": ("[UNK]", "<unk>"),
    "pad_token": ("[PAD]", "<pad>"),
    "cls_token": ("[CLS]", "<s>"),
    "sep_token": ("[SEP]", "</s>"),
    "mask_token": ("[MASK]", "<mask>"),
    "bos_token": ("<s>",),
    "eos_token": ("</s>",),
}
"""How special tokens are written, for files that do not say which is which."""


def as_in_file(folder: Path, tokenizer: Any, notes: Notes) -> Any:
    """The tokenizer, or that of ``tokenizer.json`` if it reads texts otherwise; None if there is none.

    transformers takes a tokenizer's vocabulary from the file, and the rest from a class, which is a wrong one if
    ``tokenizer_config.json`` does not name it or the model's type suggests another.

    Args:
        folder: with the file.
        tokenizer: as transformers loads it; None if it does not.
        notes: collect what the user should know.

    Raises:
        ModelError: what is beside the file is damaged.
    """
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    if type(tokenizer) is PreTrainedTokenizerFast:  # it reads all of the file
        _name_special_tokens(tokenizer)
        return tokenizer
    try:
        described = (folder / WHOLE).read_text(encoding="utf-8")
        file = Tokenizer.from_str(described)
        wanted = _tokens(file)
    except Exception:  # the library raises plain exceptions for a file that it cannot read, and for words
        return tokenizer
    if tokenizer is not None and _reads(tokenizer, wanted, folder, described) and _frames(tokenizer, file):
        return tokenizer
    try:
        found: Any = PreTrainedTokenizerFast.from_pretrained(str(folder), local_files_only=True)
    except Exception as error:  # tokenizer_config.json is damaged, or the file lacks what only transformers needs
        raise ModelError(not_loaded(folder, error)) from error
    _name_special_tokens(found)
    if hasattr(tokenizer, "src_lang"):  # tasks that write texts refuse a tokenizer that needs to know the language
        found.src_lang = tokenizer.src_lang
    named = "the class of transformers for this model" if tokenizer is None else type(tokenizer).__name__
    notes.add(kinds.TOKENIZER_OF_FILE, folder=str(folder), named=named)
    return found


def _reads(tokenizer: Any, wanted: list[list[int]], folder: Path, described: str) -> bool:
    """Whether a tokenizer reads texts as its file does, or as the file with the options beside it."""
    from tokenizers import Tokenizer

    try:
        read = tokenizer(list(PROBES), add_special_tokens=False)["input_ids"]
        return read == wanted or read == _tokens(Tokenizer.from_str(_with_options(folder, described)))
    except Exception:  # a class that does not fit the vocabulary stops anywhere
        return False


def _frames(tokenizer: Any, file: Any) -> bool:
    """Whether a tokenizer puts the special tokens around a text that its file puts there, if that puts any."""
    of_language = hasattr(tokenizer, "src_lang")  # they depend on the language of the text
    of_options = any(f"add_{end}_token" in tokenizer.init_kwargs for end in ("bos", "eos"))
    if of_language or of_options or not file.num_special_tokens_to_add(False):
        return True
    wanted: list[int] = file.encode("a").ids
    return bool(tokenizer("a")["input_ids"] == wanted)


def _tokens(tokenizer: Any) -> list[list[int]]:
    """The tokens of the probes."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return [encoding.ids for encoding in tokenizer.encode_batch(list(PROBES), add_special_tokens=False)]


def _with_options(folder: Path, described: str) -> str:
    """The file with the options of ``tokenizer_config.json``, which classes apply to it."""
    path = folder / "tokenizer_config.json"
    options = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    file = json.loads(described)
    for part in _parts(file.get("normalizer"), "normalizers"):
        if part.get("type") == "BertNormalizer":
            part["lowercase"] = options.get("do_lower_case", part.get("lowercase"))
            part["strip_accents"] = options.get("strip_accents", part.get("strip_accents"))
            part["handle_chinese_chars"] = options.get("tokenize_chinese_chars", part.get("handle_chinese_chars"))
    space = options.get("add_prefix_space")
    for part in _parts(file.get("pre_tokenizer"), "pretokenizers") if isinstance(space, bool) else ():
        if part.get("type") == "ByteLevel":
            part["add_prefix_space"] = space
        elif part.get("type") == "Metaspace":
            part["prepend_scheme"] = "always" if space else "never"
    return json.dumps(file)


def _parts(step: dict[str, Any] | None, inner: str) -> list[dict[str, Any]]:
    """A step of a tokenizer, or those of a sequence."""
    if step is None:
        return []
    return list(step[inner]) if step.get("type") == "Sequence" else [step]


def _name_special_tokens(tokenizer: Any) -> None:
    """Gives special tokens their roles by how they are written, if nothing says which is which."""
    if any(getattr(tokenizer, role, None) is not None for role in _ROLES):
        return
    vocabulary = tokenizer.get_vocab()
    found = {role: next((name for name in names if name in vocabulary), None) for role, names in _ROLES.items()}
    if found["cls_token"] is None or found["cls_token"] == "[CLS]":
        found.pop("bos_token")
    if found["cls_token"] is None:  # a model that reads no first token
        found.pop("sep_token")
    elif found["sep_token"] == "[SEP]":
        found.pop("eos_token")
    tokenizer.add_special_tokens({role: name for role, name in found.items() if name is not None})
