"""Loading models from folders, the hub cache and packages, and refusing damaged ones."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import TINY, Result, read_jsonl, word_pieces, write_lines
from ftk.contracts import finding_kinds as kinds
from small_models import ARCHITECTURES, make_tokenizer, save_model_folder

pytestmark = pytest.mark.torch

ONE_STEP = ("debug=one-step", "hardware=cpu", "hardware.threads=1")


@pytest.mark.slow
@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_every_architecture_trains_and_predicts(
    ftk: Callable[..., Result], toy: tuple[str, ...], architecture: str
) -> None:
    save_model_folder(Path("encoder"), architecture)
    trained = ftk("finetune", "model=auto", "model.name=encoder", *ONE_STEP, *toy, "run.dir=run")
    assert trained.code == 0, trained.err
    assert "initialised from the seed (not in the weights file)" in trained.out
    write_lines("in.txt", ["Ada Berg went to Oslo.", "", "again " * 100])
    predicted = ftk("predict", "--json", "checkpoint=run/best", "input=in.txt", "output=out.jsonl")
    assert predicted.code == 0, predicted.err
    assert len(read_jsonl("out.jsonl")) == 3
    assert predicted.found(kinds.LONG_ROW, length=64).count == 1


@pytest.mark.parametrize(("architecture", "limit"), [("bert", 64), ("roberta", 64), ("mpnet", 64), ("modernbert", 64)])
def test_token_limit_excludes_positions_before_the_first(tmp_path: Path, architecture: str, limit: int) -> None:
    from ftk.models.loading.source import reopen_model

    assert reopen_model(save_model_folder(tmp_path / "m", architecture), None).limit == limit


def test_a_plain_from_pretrained_opens_what_ftk_wrote(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    import transformers

    assert ftk("finetune", *TINY, *toy, "debug=one-step", "run.dir=run").code == 0
    model = transformers.AutoModelForTokenClassification.from_pretrained("run/best")
    tokenizer = transformers.AutoTokenizer.from_pretrained("run/best")
    assert set(model.config.id2label.values()) == {"O", "B-PER", "I-PER", "B-LOC", "I-LOC"}
    assert model(**tokenizer("Ada Berg", return_tensors="pt")).logits.shape[-1] == 5
    assert not [path for path in Path("run").rglob("*") if path.suffix in (".bin", ".pt", ".pkl", ".pickle")]


def test_a_model_with_the_same_labels_keeps_its_head_and_label_order(
    ftk: Callable[..., Result], toy: tuple[str, ...]
) -> None:
    names = ["I-LOC", "B-PER", "O", "B-LOC", "I-PER"]
    save_model_folder(
        Path("tagger"),
        "bert",
        "AutoModelForTokenClassification",
        id2label=dict(enumerate(names)),
        label2id={name: number for number, name in enumerate(names)},
    )
    result = ftk("finetune", "--json", "model=auto", "model.name=tagger", *ONE_STEP, *toy, "run.dir=run")
    assert result.code == 0, result.err
    assert result.count(kinds.KEPT_HEAD) == 1
    assert "initialised from the seed" not in result.texts
    assert json.loads(Path("run/best/ftk.json").read_text())["labels"] == names


@pytest.mark.parametrize("types", [["X", "Y"], ["PER", "LOC", "ORG"]], ids=["as many", "more"])
def test_a_model_with_other_labels_keeps_its_encoder_and_gets_a_new_head(
    ftk: Callable[..., Result], toy: tuple[str, ...], types: list[str]
) -> None:
    from safetensors.torch import load_file

    names = ["O", *(f"{letter}-{kind}" for kind in types for letter in "BI")]
    ids = {name: number for number, name in enumerate(names)}
    save_model_folder(
        Path("tagger"), "bert", "AutoModelForTokenClassification", id2label=dict(enumerate(names)), label2id=ids
    )
    argv = ["model=auto", "model.name=tagger", *ONE_STEP, *toy, "run.dir=run", "optimizer.lr=1e-12"]
    result = ftk("finetune", "--json", *argv)
    assert result.code == 0, result.err
    assert result.found(kinds.NEW_HEAD).policy == "labels"
    before, after = load_file("tagger/model.safetensors"), load_file("run/best/model.safetensors")
    encoder = [name for name in after if name.startswith("bert.")]
    assert encoder
    assert all(before[name].sub(after[name]).abs().max() < 1e-9 for name in encoder)
    assert after["classifier.weight"].shape[0] == 5
    if len(names) == 5:
        assert before["classifier.weight"].sub(after["classifier.weight"]).abs().max() > 1e-4


def test_a_missing_model_lists_every_searched_place(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    result = ftk("finetune", "model=bert-base-cased", *toy)
    assert result.code == 1
    for place in ("folder ", "no such folder", "hub cache", "HF_HUB_OFFLINE is set", "google-bert/bert-base-cased"):
        assert place in result.err
    assert "Traceback" not in result.err
    assert not Path("runs").exists()


def test_a_hub_cache_is_used_without_a_network(
    ftk: Callable[..., Result], toy: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(Path("cache").absolute()))
    snapshot = Path("cache/models--someone--encoder/snapshots/abc")
    save_model_folder(snapshot, "bert")
    refs = Path("cache/models--someone--encoder/refs")
    refs.mkdir()
    (refs / "main").write_text("abc")
    result = ftk("finetune", "model=auto", "model.name=someone/encoder", *ONE_STEP, *toy, "run.dir=run")
    assert result.code == 0, result.err
    assert "hub cache, someone/encoder" in result.out


def test_a_package_is_used_only_with_the_right_checksum_and_model_name(
    ftk: Callable[..., Result], toy: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ftk.system.digests import sha256

    package = tmp_path / "site" / "packed_encoder"
    save_model_folder(package / "model", "bert")
    (package / "__init__.py").write_text("raise RuntimeError('a package is located, never imported')\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    digest = sha256(package / "model" / "model.safetensors")
    argv = ["finetune", "model=auto", "model.name=a/b", "model.package=packed_encoder", *ONE_STEP, *toy]
    good = ftk(*argv, "model.package_for=a/b", f"model.sha256={digest}", "run.dir=good")
    assert good.code == 0, good.err
    assert "package packed_encoder, SHA-256 verified" in good.out
    wrong = ftk(*argv, "model.package_for=a/b", f"model.sha256={'0' * 64}", "run.dir=wrong")
    assert wrong.code == 1
    assert f"SHA-256 is {digest}, expected {'0' * 64}" in wrong.err
    other = ftk(*argv, "model.package_for=c/d", f"model.sha256={digest}", "run.dir=other")
    assert other.code == 1
    assert "the model was not found" in other.err


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"), "a pickle file, which only"),
        (lambda f: (f / "config.json").write_text("{}"), "does not describe a model that can be built"),
        (
            lambda f: (f / "config.json").write_text('{"model_type": "nonsense"}'),
            "does not describe a model that can be built",
        ),
        (lambda f: (f / "model.safetensors").write_bytes(b"junk"), "the weights cannot be loaded"),
        (lambda f: (f / "tokenizer.json").write_text("{"), "the tokenizer cannot be loaded"),
    ],
)
def test_a_damaged_model_folder_is_reported(
    ftk: Callable[..., Result], toy: tuple[str, ...], damage: Callable[[Path], object], message: str
) -> None:
    damage(save_model_folder(Path("encoder"), "bert"))
    result = ftk("finetune", "model=auto", "model.name=encoder", *ONE_STEP, *toy, "run.dir=run")
    assert result.code == 1
    assert message in result.err
    assert not Path("run").exists()


def test_incomplete_encoder_weights_are_refused(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    from safetensors.torch import load_file, save_file

    weights = save_model_folder(Path("encoder"), "bert") / "model.safetensors"
    tensors = {name: tensor for name, tensor in load_file(weights).items() if "layer.1." not in name}
    save_file(tensors, weights, metadata={"format": "pt"})
    result = ftk("finetune", "model=auto", "model.name=encoder", *ONE_STEP, *toy, "run.dir=run")
    assert result.code == 1
    assert "the weights lack" in result.err


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("data.max_length=1000", "this model accepts at most 64 tokens"),
        ("+model.config.hidden_sizee=3", "the config of bert has no key 'hidden_sizee'"),
    ],
)
def test_values_that_the_model_refuses(
    ftk: Callable[..., Result], toy: tuple[str, ...], override: str, message: str
) -> None:
    save_model_folder(Path("encoder"), "bert")
    result = ftk("finetune", "model=auto", "model.name=encoder", *ONE_STEP, *toy, override)
    assert result.code == 1
    assert message in result.err


def test_dropout_and_random_weights_in_an_existing_architecture(
    ftk: Callable[..., Result], toy: tuple[str, ...]
) -> None:
    save_model_folder(Path("encoder"), "modernbert")
    argv = ["model=auto", "model.name=encoder", "model.init=random", "model.dropout=0.2", *ONE_STEP, *toy]
    result = ftk("finetune", *argv, "run.dir=run")
    assert result.code == 0, result.err
    assert "random weights in the architecture of folder encoder" in result.out
    config = json.loads(Path("run/best/config.json").read_text())
    assert {config[name] for name in ("attention_dropout", "embedding_dropout", "mlp_dropout")} == {0.2}


def test_a_learned_vocabulary_is_the_same_each_time_and_reads_every_letter() -> None:
    texts = ["Zoë paints; zoos, zones & Zürich.", "naïve café", "ab ba abba baab"]
    from ftk.models.tokenizers.vocabulary import learn_tokenizer

    made = [learn_tokenizer(texts, word_pieces(60), max_length=64) for _ in range(4)]
    assert len({json.dumps(tokenizer.get_vocab(), sort_keys=True) for tokenizer in made}) == 1
    assert all(made[0].unk_token_id not in made[0](text)["input_ids"] for text in texts)
    assert made[0].convert_ids_to_tokens(made[0]("ab")["input_ids"])[0] == "[CLS]"
    assert make_tokenizer("bytes")("Ada", add_special_tokens=False)["input_ids"]
