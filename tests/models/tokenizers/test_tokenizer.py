"""Tokenizers as their files describe them; folders without one, and tokenizers that do not fit, are refused or said."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Result, assert_refused, read_jsonl, write_jsonl
from ftk.contracts import finding_kinds as kinds
from ftk.contracts.notes import Notes
from ftk.errors import ModelError
from ftk.models.tokenizers.tokenizer import load_tokenizer
from small_models import ARCHITECTURES, make_tokenizer, save_model_folder

pytestmark = pytest.mark.torch

TEXT = "Ada Berg went to Oslo by train."
ROWS = [{"text": "Ada went to Oslo by slow train", "label": "a"}, {"text": "hello world", "label": "b"}] * 4
ONE_STEP = ("debug=one-step", "hardware=cpu", "hardware.threads=1", "data.validation_share=0")
LISTED = {
    "albert": "spiece.model",
    "bart": "vocab.json",
    "bert": "vocab.txt",
    "big_bird": "spiece.model",
    "deberta": "merges.txt",
    "deberta-v2": "spm.model",
    "electra": "vocab.txt",
    "gpt2": "vocab.json",
    "mpnet": "vocab.txt",
    "rembert": "sentencepiece.model",
    "roberta": "vocab.json",
    "t5": "spiece.model",
    "xlm-roberta": "sentencepiece.bpe.model",
    "xlnet": "spiece.model",
}
"""A file that the tokenizer class of an architecture reads."""


def classify(ftk: Callable[..., Result], *argv: str, rows: list[dict[str, Any]] = ROWS) -> Result:
    train = write_jsonl("t.jsonl", rows)
    return ftk("finetune", "--json", "task=text-classification", "model=auto", f"data.train={train}", *ONE_STEP, *argv)


def write_config(folder: Path, architecture: str, **tokenizer: Any) -> Path:
    import transformers

    folder.mkdir(exist_ok=True)
    transformers.AutoConfig.for_model(architecture).save_pretrained(folder)
    if tokenizer:
        (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    return folder


@pytest.mark.parametrize("architecture", sorted(LISTED))
def test_a_folder_without_vocabulary_is_refused(architecture: str) -> None:
    folder = write_config(Path("m"), architecture)
    with pytest.raises(ModelError, match="no tokenizer files"):
        load_tokenizer(folder)
    (folder / "tokenizer_config.json").write_text("{}")
    with pytest.raises(ModelError, match="no tokenizer files"):
        load_tokenizer(folder)
    other = next(name for name in ("vocab.txt", "merges.txt") if name != LISTED[architecture])
    (folder / other).write_text("")  # a file, but not that which the class reads
    with pytest.raises(ModelError, match="missing"):
        load_tokenizer(folder)


@pytest.mark.slow
@pytest.mark.parametrize("command", ["finetune", "evaluate", "predict"])
def test_a_missing_tokenizer_is_found_before_rows_are_read(ftk: Callable[..., Result], command: str) -> None:
    save_model_folder(Path("m"), "bert")
    assert classify(ftk, "model.name=m", "run.dir=run").code == 0
    bad = {"text": 7, "label": []}
    write_jsonl("bad.jsonl", [bad])
    if command == "finetune":
        for path in Path("m").glob("tokenizer*"):
            path.unlink()
        result = classify(ftk, "model.name=m", "run.dir=again", rows=[bad])
    else:
        best = Path("run/best")
        for path in best.glob("tokenizer*"):
            path.unlink()
        manifest = json.loads((best / "ftk.json").read_text())
        del manifest["check"]
        manifest["files"] = {name: facts for name, facts in manifest["files"].items() if "tokenizer" not in name}
        from ftk.models.loading.verified_folder import write_manifest

        (best / "ftk.json").unlink()
        write_manifest(best, manifest)
        rows = "data.test=bad.jsonl" if command == "evaluate" else "input=bad.jsonl"
        result = ftk(command, "--json", "checkpoint=run/best", rows)
    assert_refused(result, "no tokenizer files")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text[: len(text) // 2], "is no JSON"),
        (lambda text: "[" * 100_000, "is no JSON"),
        (lambda text: "[]", "no 'model'"),
        (lambda text: json.dumps({**json.loads(text), "model": {"type": "New"}}), "any variant"),
        *(
            (lambda text, part=part: json.dumps({k: v for k, v in json.loads(text).items() if k != part}), f"'{part}'")
            for part in ("added_tokens", "model")
        ),
    ],
)
def test_what_is_wrong_with_a_damaged_file_is_said(damage: Callable[[str], str], said: str) -> None:
    folder = write_config(Path("m"), "bert")
    make_tokenizer("wordpiece").save_pretrained(folder)
    path = folder / "tokenizer.json"
    path.write_text(damage(path.read_text()))
    with pytest.raises(ModelError, match="the tokenizer cannot be loaded") as refused:
        load_tokenizer(folder)
    assert said in str(refused.value)
    assert "model.tokenizer.name=" in str(refused.value)


def test_a_vocabulary_of_special_tokens_is_refused() -> None:
    folder = write_config(Path("m"), "bert")
    (folder / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n")
    with pytest.raises(ModelError, match="5 entries, all special"):
        load_tokenizer(folder)


def test_a_vocabulary_file_alone_is_read_and_saved() -> None:
    folder = write_config(Path("m"), "bert")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ada", "went", "to", "oslo"]
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word in words))
    found = load_tokenizer(folder)
    assert found("Ada went to Oslo")["input_ids"] == [2, 5, 6, 7, 8, 3]
    assert found.name_or_path == "m"
    found.save_pretrained("again")
    assert load_tokenizer(Path("again"))("Ada went to Oslo")["input_ids"] == [2, 5, 6, 7, 8, 3]


WRONG = {
    "no class": lambda config: config.pop("tokenizer_class"),
    "no class and no backend": lambda config: [config.pop(name, None) for name in ("tokenizer_class", "backend")],
    **{
        name: lambda config, name=name: config.update(tokenizer_class=name)
        for name in (
            "BertTokenizer",
            "RobertaTokenizer",
            "XLMRobertaTokenizerFast",
            "T5TokenizerFast",
            "DebertaV2Tokenizer",
            "AlbertTokenizerFast",
            "GPT2Tokenizer",
            "MPNetTokenizer",
            "NoSuchTokenizer",
        )
    },
}


@pytest.mark.parametrize("kind", ["wordpiece", "bytes", "unigram"])
@pytest.mark.parametrize("wrong", sorted(WRONG))
def test_a_wrong_class_is_replaced_by_the_file(kind: str, wrong: str) -> None:
    import transformers

    right = make_tokenizer(kind)
    folder = write_config(Path("m"), "bert")
    right.save_pretrained(folder)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    WRONG[wrong](config)
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    notes = Notes()
    found = load_tokenizer(folder, notes)
    assert found(TEXT, add_special_tokens=False)["input_ids"] == right(TEXT, add_special_tokens=False)["input_ids"]
    assert found.get_vocab() == right.get_vocab()
    assert found.mask_token_id == right.mask_token_id
    said = [one.kind for one in notes if one.kind == kinds.TOKENIZER_OF_FILE]
    assert bool(said) == (type(found) is transformers.PreTrainedTokenizerFast and wrong != "NoSuchTokenizer")
    found.save_pretrained("again")
    again = transformers.AutoTokenizer.from_pretrained("again")
    assert again(TEXT)["input_ids"] == found(TEXT)["input_ids"]


def test_a_file_alone_names_its_special_tokens() -> None:
    for kind, architecture in (("wordpiece", "gpt2"), ("unigram", "bert"), ("bytes", "xlnet"), ("bytes", "rwkv")):
        right, folder = make_tokenizer(kind), write_config(Path(f"{kind}-{architecture}"), architecture)
        right.backend_tokenizer.save(str(folder / "tokenizer.json"))
        found = load_tokenizer(folder)
        assert found(TEXT)["input_ids"] == right(TEXT)["input_ids"]
        assert {found.pad_token_id, found.mask_token_id} == {right.pad_token_id, right.mask_token_id}


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_a_right_class_is_kept(architecture: str) -> None:
    from tokenizers import Tokenizer

    save_model_folder(Path("m"), architecture)
    notes = Notes()
    found = load_tokenizer(Path("m"), notes)
    file = Tokenizer.from_file("m/tokenizer.json")
    assert found(TEXT)["input_ids"] == file.encode(TEXT).ids
    assert not list(notes)


def backend_without(*, post: bool = True, unknown: bool = True, kind: str = "WordPiece") -> Any:
    """A tokenizer of words that lacks something."""
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    vocabulary = {word: number for number, word in enumerate(["[PAD]", "[CLS]", "[SEP]", *"aotwendlsibhry", "Ada"])}
    if unknown:
        vocabulary["[UNK]"] = len(vocabulary)
    model = models.BPE(vocabulary, []) if kind == "BPE" else models.WordPiece(vocabulary, unk_token="[UNK]")
    backend = Tokenizer(model)
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    if post:
        backend.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
        )
    names = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    return transformers.PreTrainedTokenizerFast(tokenizer_object=backend, **names)


@pytest.mark.parametrize(
    ("lacks", "said"),
    [
        ({}, []),
        ({"post": False}, [kinds.NO_SPECIAL_TOKENS]),
        ({"unknown": False, "kind": "BPE"}, [kinds.NO_UNKNOWN_TOKEN]),
        ({"post": False, "unknown": False, "kind": "BPE"}, [kinds.NO_UNKNOWN_TOKEN, kinds.NO_SPECIAL_TOKENS]),
    ],
)
def test_what_a_tokenizer_lacks_is_said(lacks: dict[str, Any], said: list[Any]) -> None:
    backend_without(**lacks).save_pretrained("t")
    notes = Notes()
    found = load_tokenizer(Path("t"), notes)
    assert [one.kind for one in notes] == said
    assert found.unk_token == (None if said and said[0] == kinds.NO_UNKNOWN_TOKEN else "[UNK]")


def test_a_tokenizer_that_stops_at_an_unknown_word_is_refused() -> None:
    backend_without(unknown=False).save_pretrained("t")
    with pytest.raises(ModelError, match="no unknown token"):
        load_tokenizer(Path("t"))


def test_sentencepiece_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    find = importlib.util.find_spec
    absent = ("sentencepiece", "google.protobuf")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name in absent else find(name, *rest))
    for architecture in ("t5", "xlm-roberta", "deberta-v2", "albert", "camembert", "mbart", "xlnet", "big_bird"):
        folder = write_config(Path(architecture), architecture)
        (folder / LISTED.get(architecture, "sentencepiece.bpe.model")).write_bytes(b"\x0a\x0e\x0a\x05<unk>\x15\x00\x00")
        with pytest.raises(ModelError, match=r"ftk\[sentencepiece\]"):
            load_tokenizer(folder)


def grown(folder: Path, words: list[str]) -> Path:
    """A folder like another, whose tokenizer has more words."""
    made = shutil.copytree(folder, f"{folder}-grown")
    tokenizer = load_tokenizer(Path(made))
    tokenizer.add_tokens(words)
    tokenizer.save_pretrained(made)
    return Path(made)


@pytest.mark.parametrize("seen", [True, False])
def test_the_table_grows_with_the_tokenizer(ftk: Callable[..., Result], seen: bool) -> None:
    from safetensors.torch import load_file

    save_model_folder(Path("m"), "bert")
    bigger = grown(Path("m"), ["zulu", "covid-19"])
    rows = [{"text": "Ada covid-19" if seen else "Ada", "label": "a"}, {"text": "hello world", "label": "b"}] * 4
    result = classify(ftk, f"model.name={bigger}", "run.dir=run", "optimizer.lr=1e-12", rows=rows)
    assert result.code == 0, result.err
    assert "2 added" in result.texts
    table = "bert.embeddings.word_embeddings.weight"
    before, after = load_file("m/model.safetensors"), load_file("run/best/model.safetensors")
    old = before[table.removeprefix("bert.")]
    assert len(after[table]) == len(old) + 2
    assert after[table][-1].numpy() == pytest.approx(old.mean(0).numpy(), abs=1e-6)
    assert json.loads(Path("run/best/config.json").read_text())["vocab_size"] == len(old) + 2
    write_jsonl("in.jsonl", [{"text": "zulu covid-19"}])
    assert ftk("predict", "checkpoint=run/best", "input=in.jsonl", "output=out.jsonl").code == 0
    assert len(read_jsonl("out.jsonl")) == 1


@pytest.mark.parametrize("architecture", [*sorted(ARCHITECTURES), "esm", "mobilebert", "fnet"])
def test_outputs_grow_with_the_table(architecture: str) -> None:
    import torch
    import transformers

    from ftk.models.tokenizers.embedding_table import grow_embeddings

    sizes = ARCHITECTURES.get(architecture, {**ARCHITECTURES["bert"], "embedding_size": 16})
    config = transformers.AutoConfig.for_model(architecture, **sizes, vocab_size=50, pad_token_id=1)
    model = transformers.AutoModelForMaskedLM.from_config(config).eval()
    ids = torch.arange(5, 15)[None]
    with torch.no_grad():
        before = model(ids).logits
        assert grow_embeddings(model, 53) == 3
        after = model(ids).logits
        assert after.shape[-1] == model.config.vocab_size == 53
        assert torch.allclose(after[..., :50], before, atol=1e-5)
        assert torch.isfinite(model(torch.tensor([[52, 51]])).logits).all()
    assert grow_embeddings(model, 40) == 0


def test_a_table_that_is_too_small_is_refused_before_rows_are_read(ftk: Callable[..., Result]) -> None:
    from ftk.models.tokenizers.tokenizer_files import check_saved_tokenizer

    save_model_folder(Path("m"), "bert")
    check_saved_tokenizer(Path("m"))
    with pytest.raises(ModelError, match="embeddings for"):
        check_saved_tokenizer(grown(Path("m"), ["zulu"]))


def test_special_tokens_in_rows_train_and_predict(ftk: Callable[..., Result]) -> None:
    rows = [{"text": "He wrote [SEP] twice", "label": "a"}, {"text": "She [SEP][SEP] [PAD]", "label": "b"}] * 4
    train = write_jsonl("t.jsonl", rows)
    argv = ("task=text-classification", "model=bart-tiny", f"data.train={train}", *ONE_STEP, "run.dir=run")
    result = ftk("finetune", "--json", *argv)
    assert result.code == 0, result.err
    assert result.found(kinds.SPECIAL_TOKEN_IN_TEXT, token="[SEP]").count == 8
    write_jsonl("in.jsonl", [{"text": text} for text in ("one [SEP] two", "[CLS]", "[SEP] [MASK] [SEP]", "plain")])
    predicted = ftk("predict", "--json", "checkpoint=run/best", "input=in.jsonl", "output=out.jsonl")
    assert predicted.code == 0, predicted.err
    assert len(read_jsonl("out.jsonl")) == 4
    assert predicted.found(kinds.SPECIAL_TOKEN_IN_TEXT, token="[SEP]").count == 2


def byt5_folder(folder: Path) -> None:
    import torch
    import transformers

    torch.manual_seed(0)
    sizes = {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2}
    config = transformers.T5Config(vocab_size=384, **sizes, feed_forward_proj="gated-gelu", decoder_start_token_id=0)
    transformers.T5ForConditionalGeneration(config).save_pretrained(folder)
    transformers.ByT5Tokenizer().save_pretrained(folder)


@pytest.mark.slow
def test_a_tokenizer_in_python_serves_whole_texts(ftk: Callable[..., Result]) -> None:
    byt5_folder(Path("m"))
    long = [{"text": "Ada " * 40 + "</s>", "label": "a"}, {"text": "hello", "label": "b"}] * 4
    result = classify(ftk, "model.name=m", "run.dir=run", "data.max_length=32", rows=long)
    assert result.code == 0, result.err
    write_jsonl("in.jsonl", [{"text": "Ada " * 40}, {"text": "hi </s>"}])
    predicted = ftk("predict", "--json", "checkpoint=run/best", "input=in.jsonl", "output=out.jsonl")
    assert predicted.code == 0, predicted.err
    assert predicted.found(kinds.LONG_ROW).count == 1
    train = write_jsonl("s.jsonl", [{"source": "Ada went </s> to", "target": "Ada"}] * 8)
    argv = ("task=summarization", "model=auto", "model.name=m", f"data.train={train}", *ONE_STEP, "run.dir=run2")
    assert ftk("finetune", *argv).code == 0
    pairs = write_jsonl(
        "p.jsonl", [{"text": "Ada", "pair": "Oslo", "label": "a"}, {"text": "x", "pair": "", "label": "b"}]
    )
    argv = ("task=text-classification", "model=auto", "model.name=m", f"data.train={pairs}", *ONE_STEP, "run.dir=run3")
    assert ftk("finetune", *argv).code == 0


@pytest.mark.parametrize(
    ("task", "row"),
    [
        ("ner", {"text": "Ada went", "spans": [{"start": 0, "end": 3, "label": "PER"}]}),
        ("question-answering", {"question": "Who?", "context": "Ada", "answers": [{"text": "Ada", "start": 0}]}),
    ],
)
def test_a_tokenizer_in_python_has_no_offsets(ftk: Callable[..., Result], task: str, row: dict[str, Any]) -> None:
    byt5_folder(Path("m"))
    train = write_jsonl("t.jsonl", [row] * 8)
    argv = (f"task={task}", "model=auto", "model.name=m", f"data.train={train}", *ONE_STEP, "run.dir=run")
    assert_refused(ftk("finetune", "--json", *argv), "ByT5Tokenizer reports no character offsets")


KHMER = "ខ្ញុំ ស្រឡាញ់ ភាសា ខ្មែរ"


def test_a_tokenizer_that_knows_no_word_is_refused(ftk: Callable[..., Result]) -> None:
    save_model_folder(Path("m"), "bert")
    rows = [{"text": KHMER, "label": "a"}, {"text": f"{KHMER} {KHMER}", "label": "b"}] * 8
    refused = classify(ftk, "model.name=m", "run.dir=run", rows=rows)
    assert [kind for kind, _ in refused.errors] == [kinds.NO_KNOWN_WORD]
    assert classify(ftk, "model.name=m", "run.dir=run").code == 0
    test = write_jsonl("test.jsonl", rows)
    scored = ftk("evaluate", "--json", "checkpoint=run/best", f"data.test={test}")
    assert [kind for kind, _ in scored.errors] == [kinds.NO_KNOWN_WORD]
    write_jsonl("many.jsonl", [{"text": chr(0x1780 + number)} for number in range(30)])
    predicted = ftk("predict", "--json", "checkpoint=run/best", "input=many.jsonl", "output=out.jsonl")
    assert [kind for kind, _ in predicted.errors] == [kinds.NO_KNOWN_WORD]
    write_jsonl("one.jsonl", rows[:1])
    few = ftk("predict", "--json", "checkpoint=run/best", "input=one.jsonl", "output=out.jsonl")
    assert few.code == 0, few.err
    assert few.found(kinds.NO_KNOWN_WORD).policy == "predicted"


def test_pretraining_on_unknown_words_is_refused(ftk: Callable[..., Result]) -> None:
    save_model_folder(Path("m"), "bert", "AutoModelForMaskedLM")
    Path("corpus.txt").write_text(f"{KHMER}\n" * 40)
    refused = ftk("pretrain", "--json", "model=auto", "model.name=m", "data.train=corpus.txt", *ONE_STEP, "run.dir=run")
    assert [kind for kind, _ in refused.errors] == [kinds.NO_KNOWN_WORD]


def test_a_small_vocabulary_and_no_padding_token_are_said(ftk: Callable[..., Result]) -> None:
    save_model_folder(Path("m"), "bert", vocab_size=5000)
    config = json.loads(Path("m/tokenizer_config.json").read_text())
    del config["pad_token"]
    Path("m/tokenizer_config.json").write_text(json.dumps({**config, "tokenizer_class": "PreTrainedTokenizerFast"}))
    result = classify(ftk, "model.name=m", "run.dir=run")
    assert result.code == 0, result.err
    assert result.found(kinds.SMALL_VOCABULARY).values["rows"] == 5000
    assert result.found(kinds.PAD_TOKEN_CHOSEN)


def test_pretraining_takes_the_length_of_a_short_model(ftk: Callable[..., Result]) -> None:
    save_model_folder(Path("m"), "bert", "AutoModelForMaskedLM")
    Path("corpus.txt").write_text("Ada went to Oslo by slow train again .\n" * 40)
    argv = ("pretrain", "model=auto", "model.name=m", "data.train=corpus.txt", *ONE_STEP)
    result = ftk(*argv, "run.dir=run")
    assert result.code == 0, result.err
    assert "windows of 64 tokens" in result.out
    refused = ftk(*argv, "run.dir=run2", "data.max_length=128")
    assert refused.code == 1
    assert "data.max_length=128" in refused.err
