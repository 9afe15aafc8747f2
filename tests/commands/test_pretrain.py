"""``ftk pretrain`` from raw text to a model that plain transformers opens, and what follows after it."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import Result, read_jsonl, toy_sentences, write_conll, write_lines
from ftk import cli
from ftk.config.data_choices import Documents
from ftk.contracts import finding_kinds as kinds
from ftk.tasks import finding_kinds as task_kinds
from pretraining import TINY_MODEL, blocks_of, mlm_task, write_stories
from small_models import save_model_folder

pytestmark = pytest.mark.torch

CPU = ("hardware=cpu", "hardware.threads=1")
SHORT = (*CPU, "data.max_length=32", "train.max_steps=2", "train.batch_size=4", "train.eval_every=2")

PAIRS = ("task.next_sentence=true", "data.validation_share=0.2")


def read_json(path: Path | str) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with texts and one finished run over them."""
    folder = tmp_path_factory.mktemp("pretrained")
    argv = [
        *TINY_MODEL,
        f"data.train={write_stories(folder / 'train.txt', 0, 120)}",
        f"data.validation={write_stories(folder / 'validation.txt', 120, 140)}",
        f"data.test={write_stories(folder / 'test.txt', 140, 150)}",
        f"data.cache_dir={folder / 'cache'}",
        "optimizer.lr=1e-2",
        "train.max_steps=60",
        "train.batch_size=16",
        "train.eval_every=20",
        f"run.dir={folder / 'run'}",
    ]
    assert cli.run(["pretrain", *argv]) == 0
    return folder


@pytest.fixture
def stories(tmp_path: Path) -> str:
    """The override that names a corpus of 40 stories."""
    return f"data.train={write_stories(tmp_path / 'stories.txt', 0, 40)}"


def test_a_run_writes_scores_speed_curves_and_learns(run: Path) -> None:
    metrics = read_json(run / "run" / "metrics.json")
    for split in ("validation", "test"):
        scores = metrics[split]
        assert scores["perplexity"] == pytest.approx(math.exp(scores["loss"]))
        assert 0 <= scores["accuracy"] <= 1
        assert scores["masked_tokens"] > 0
    trained = metrics["train"]
    assert trained["utilisation"] == pytest.approx(
        trained["tokens"] / (trained["tokens"] + trained["padding"]), abs=1e-4
    )
    assert trained["tokens_per_second"] > 0
    events = read_jsonl(run / "run" / "metrics.jsonl")
    losses = [event["loss"] for event in events if event["split"] == "train"]
    validations = [event for event in events if event["split"] == "validation"]
    assert losses[-1] < losses[0] - 1
    assert metrics["validation"]["loss"] == min(event["loss"] for event in validations)
    assert metrics["best_step"] == min(validations, key=lambda event: event["loss"])["step"]
    assert (run / "run" / "curves.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_plain_transformers_opens_the_model(run: Path) -> None:
    """Its loss over a held-out text is the one that ftk says."""
    import torch
    import transformers

    best = run / "run" / "best"
    model = transformers.AutoModelForMaskedLM.from_pretrained(best)
    tokenizer = transformers.AutoTokenizer.from_pretrained(best)
    assert model.config.vocab_size == len(tokenizer)
    assert tokenizer.model_max_length == model.config.max_position_embeddings
    ids = tokenizer("Ada went to [MASK] by slow train.", return_tensors="pt")
    with torch.inference_mode():
        assert torch.isfinite(model(**ids).logits).all()
    assert tokenizer.mask_token_id in ids["input_ids"][0]


@pytest.mark.parametrize("extra", [(), ("task=mlm",), ("hardware.eval_tokens=33", "run.seed=7")])
def test_evaluate_gives_the_scores_of_the_run(ftk: Callable[..., Result], run: Path, extra: tuple[str, ...]) -> None:
    """The same tokens are hidden, whatever the seed and the size of the batches."""
    argv = [f"checkpoint={run / 'run' / 'best'}", f"data.test={run / 'validation.txt'}", "run.dir=scores", *CPU]
    result = ftk("evaluate", *argv, *extra)
    assert result.code == 0, result.err
    scores, trained = read_json("scores/metrics.json")["test"], read_json(run / "run" / "metrics.json")["validation"]
    assert scores == {name: pytest.approx(value, rel=1e-5) for name, value in trained.items()}
    assert "perplexity" in result.out


@pytest.mark.slow
def test_a_step_does_not_depend_on_micro_batches(ftk: Callable[..., Result], stories: str) -> None:
    import torch
    from safetensors.torch import load_file

    argv = (*TINY_MODEL, *SHORT, stories, "train.batch_size=7", "model.dropout=0", "task.mask_unit=word")
    weights = []
    for size in ("null", "3", "1"):
        result = ftk("pretrain", *argv, f"hardware.micro_batch={size}", f"run.dir=micro-{size}")
        assert result.code == 0, result.err
        weights.append(load_file(f"micro-{size}/last/model.safetensors"))
    for other in weights[1:]:
        for name, tensor in weights[0].items():
            assert torch.allclose(tensor, other[name], rtol=1e-4, atol=1e-6), name


@pytest.mark.parametrize("kind", ["wordpiece", "bpe", "unigram"])
def test_every_kind_of_vocabulary(ftk: Callable[..., Result], stories: str, kind: str) -> None:
    import transformers

    argv = (*TINY_MODEL, *SHORT, stories, f"model.tokenizer.train={kind}", "model.tokenizer.vocab_size=90")
    result = ftk("pretrain", *argv, "run.dir=run", "task.mask_unit=span")
    assert result.code == 0, result.err
    assert f"a {kind} vocabulary of" in result.out
    tokenizer = transformers.AutoTokenizer.from_pretrained("run/best")
    ids = tokenizer("Ada went to [MASK].")["input_ids"]
    assert ids.count(tokenizer.mask_token_id) == 1
    assert tokenizer.unk_token_id not in ids
    write_lines("in.txt", ["Ada went to [MASK]."])
    filled = ftk("predict", "checkpoint=run/best", "input=in.txt", *CPU)
    assert filled.code == 0, filled.err
    assert len(json.loads(filled.out)["masks"][0]["candidates"]) == 5


def test_continuing_with_an_encoder_without_a_head_and_with_a_run(ftk: Callable[..., Result], stories: str) -> None:
    save_model_folder(Path("encoder"), "distilbert")
    first = ftk("pretrain", "model=auto", "model.name=encoder", stories, *SHORT, "run.dir=first")
    assert first.code == 0, first.err
    assert "initialised from the seed (not in the weights file): vocab_layer_norm.bias" in first.out
    second = ftk("pretrain", "model=auto", "model.name=first/best", stories, *SHORT, "run.dir=second")
    assert second.code == 0, second.err
    assert "initialised from the seed" not in second.out


def test_another_architecture_with_random_weights_from_a_folder(ftk: Callable[..., Result], stories: str) -> None:
    """Of the folder only the architecture is taken; the vocabulary is learned."""
    import transformers

    save_model_folder(Path("model"), "roberta", "AutoModelForMaskedLM")
    vocabulary = ("model.tokenizer.train=bpe", "model.tokenizer.vocab_size=350")
    argv = ("model=auto", "model.name=model", "model.init=random", *vocabulary, stories, *SHORT)
    result = ftk("pretrain", *argv, "run.dir=run", "task.packing=documents")
    assert result.code == 0, result.err
    assert "random weights in the architecture of folder model, a bpe vocabulary of" in result.out
    config = transformers.AutoConfig.from_pretrained("run/best")
    tokenizer = transformers.AutoTokenizer.from_pretrained("run/best")
    assert config.model_type == "roberta"
    assert config.vocab_size == len(tokenizer)
    assert (config.pad_token_id, config.bos_token_id) == (tokenizer.pad_token_id, tokenizer.bos_token_id)


def test_a_vocabulary_is_reported_as_learned_once(ftk: Callable[..., Result], stories: str) -> None:
    first = ftk("pretrain", *TINY_MODEL, *SHORT, stories, "run.dir=run1")
    assert first.code == 0, first.err
    assert "vocabulary: wordpiece, trained on the training texts" in first.out
    again = ftk("pretrain", *TINY_MODEL, *SHORT, stories, "run.dir=run2")
    assert again.code == 0, again.err
    [kept] = Path("cache/vocabularies").absolute().iterdir()
    assert f"vocabulary: wordpiece, from the cache, {kept}" in again.out
    assert Path("run1/best/tokenizer.json").read_bytes() == Path("run2/best/tokenizer.json").read_bytes()


def test_more_embeddings_than_the_vocabulary_needs(ftk: Callable[..., Result], stories: str) -> None:
    """Tables are often rounded up; a row that stands for no token is no candidate for a mask."""
    from safetensors.torch import load_file

    argv = (*TINY_MODEL, *SHORT, stories, "task.top_k=20")
    result = ftk("pretrain", *argv, "+model.config.vocab_size=3000", "run.dir=run")
    assert result.code == 0, result.err
    assert read_json("run/best/config.json")["vocab_size"] == 3000
    assert load_file("run/best/model.safetensors")["bert.embeddings.word_embeddings.weight"].shape[0] == 3000
    scored = ftk("evaluate", "checkpoint=run/best", "data.test=stories.txt", "run.dir=scores", *CPU)
    assert scored.code == 0, scored.err
    write_lines("in.txt", ["Ada went to [MASK]."])
    filled = ftk("predict", "checkpoint=run/best", "input=in.txt", *CPU)
    assert filled.code == 0, filled.err
    known = read_json("run/best/tokenizer.json")["model"]["vocab"]
    assert {entry["token"] for entry in json.loads(filled.out)["masks"][0]["candidates"]} <= set(known)

    few = ftk("pretrain", *argv, "+model.config.vocab_size=20", "run.dir=few")
    assert few.code == 1
    assert "model.config.vocab_size=20: the tokenizer needs " in few.err
    assert "Traceback" not in few.err
    assert not Path("few").exists()


@pytest.mark.slow
def test_what_a_folder_has_beside_the_texts_is_reported(ftk: Callable[..., Result]) -> None:
    Path("texts/deep").mkdir(parents=True)
    write_stories("texts/a.txt", 0, 40)
    argv = ("--json", *TINY_MODEL, *SHORT, "data.train=texts")
    write_lines("texts/README.md", ["What these are."])
    result = ftk("pretrain", *argv, "run.dir=run1")
    assert result.code == 0, result.err
    unread = result.found(kinds.ENTRIES_NOT_READ, key="data.train", folder="texts").values
    assert (unread["left_out"], unread["entries"]) == (2, 3)
    assert "README.md" in unread["why"]
    assert "deep/" in unread["why"]
    Path("texts/README.md").unlink()
    Path("texts/deep").rmdir()
    result = ftk("pretrain", *argv, "run.dir=run2")
    assert result.code == 0, result.err
    assert result.count(kinds.ENTRIES_NOT_READ) == 0


def test_next_sentence_prediction_from_text_to_scores(ftk: Callable[..., Result], stories: str) -> None:
    import transformers

    result = ftk("pretrain", *TINY_MODEL, *SHORT, stories, *PAIRS, "run.dir=run")
    assert result.code == 0, result.err
    scores = read_json("run/metrics.json")["validation"]
    assert scores["perplexity"] == pytest.approx(math.exp(scores["mlm_loss"]))
    assert 0 <= scores["next_sentence_accuracy"] <= 1
    assert scores["loss"] == pytest.approx(scores["mlm_loss"] + scores["next_sentence_loss"], abs=0.1)
    assert transformers.AutoConfig.from_pretrained("run/best").architectures == ["BertForPreTraining"]
    write_lines("in.txt", ["Ada went to [MASK]."])
    filled = ftk("predict", "checkpoint=run/best", "input=in.txt", *CPU)
    assert filled.code == 0, filled.err
    assert "cls.seq_relationship" in filled.err  # said: not used
    scored = ftk("evaluate", "checkpoint=run/best", "data.test=stories.txt", "run.dir=scores", *CPU)
    assert scored.code == 0, scored.err
    assert "next_sentence_accuracy" in read_json("scores/metrics.json")["test"]


def test_finetune_starts_from_a_pretrained_run(ftk: Callable[..., Result], run: Path, toy: tuple[str, ...]) -> None:
    name = f"model.name={run / 'run' / 'best'}"
    result = ftk("finetune", "task=ner", "model=auto", name, *toy, "debug=one-step", *CPU, "run.dir=tagger")
    assert result.code == 0, result.err
    assert "initialised from the seed (not in the weights file): classifier.bias, classifier.weight" in result.out
    assert "the model was trained with other labels" not in result.out
    write_lines("in.txt", ["Ada Berg went to Oslo."])
    assert ftk("predict", "checkpoint=tagger/best", "input=in.txt", *CPU).code == 0


def test_a_tagger_becomes_a_masked_language_model(ftk: Callable[..., Result], stories: str) -> None:
    names = {0: "O", 1: "B-PER"}
    save_model_folder(Path("tagger"), "bert", "AutoModelForTokenClassification", id2label=names)
    result = ftk("pretrain", "model=auto", "model.name=tagger", stories, *SHORT, "run.dir=run")
    assert result.code == 0, result.err
    assert "ignored (in the weights file but not in the model): classifier.bias, classifier.weight" in result.out


def test_finetune_of_random_weights_learns_its_vocabulary(ftk: Callable[..., Result], toy: tuple[str, ...]) -> None:
    for number in (1, 2):  # the vocabulary of labelled rows is learned each time
        result = ftk("finetune", *TINY_MODEL, *toy, "debug=one-step", f"run.dir=run{number}")
        assert result.code == 0, result.err
        assert "a wordpiece vocabulary of" in result.out
    assert Path("run1/best/tokenizer.json").read_bytes() == Path("run2/best/tokenizer.json").read_bytes()


def test_sweep(ftk: Callable[..., Result], stories: str) -> None:
    result = ftk("pretrain", "-m", *TINY_MODEL, *SHORT, stories, "task.mask_unit=token,word", "run.dir=sweep")
    assert result.code == 0, result.err
    assert len(list(Path("sweep").glob("*/best/ftk.json"))) == 2
    assert "loss" in result.out


@pytest.mark.slow
def test_a_growing_batch_and_a_limit_in_tokens(ftk: Callable[..., Result], stories: str) -> None:
    growing = ("train.batch_size=8", "train.batch_start=2", "train.batch_warmup=3", "train.max_tokens=900")
    every = ("train.log_every=1", "train.eval_every=99", "train.save_every=99")
    argv = (*TINY_MODEL, stories, *growing, *every, "run.dir=run")
    result = ftk("pretrain", *argv)
    assert result.code == 0, result.err
    tokens = [event["tokens"] for event in read_jsonl("run/metrics.jsonl") if event["split"] == "train"]
    steps = [after - before for before, after in zip([0, *tokens], tokens, strict=False)]
    assert steps[:3] == [2 * 32, 4 * 32, 6 * 32]
    assert tokens[-2] < 900 <= tokens[-1]


def test_the_built_in_demo_needs_no_text(ftk: Callable[..., Result]) -> None:
    result = ftk("pretrain", "--json", "model=tiny", *SHORT, "run.dir=run")
    assert result.code == 0, result.err
    assert result.found(task_kinds.DEMO_TEXTS).values["what"] == "training"


def test_a_folder_of_transformers_is_scored_when_the_task_is_given(ftk: Callable[..., Result], run: Path) -> None:
    import torch
    import transformers

    save_model_folder(Path("plain"), "bert", "AutoModelForMaskedLM")
    argv = ("checkpoint=plain", f"data.test={run / 'test.txt'}", "run.dir=scores", *CPU)
    result = ftk("evaluate", "--json", *argv, "task=mlm")
    assert result.code == 0, result.err
    assert result.found(kinds.UNKNOWN_FOLDER).values == {"folder": "plain"}
    scores = read_json("scores/metrics.json")["test"]

    # The same blocks through plain transformers.
    task, tokenizer = mlm_task(), transformers.AutoTokenizer.from_pretrained("plain")
    lines = (run / "test.txt").read_text(encoding="utf-8").splitlines()
    blocks = blocks_of(task, tokenizer, lines, Path(), length=64, documents=Documents.blank_line)
    batch = task.collate(blocks, list(range(len(blocks))), None)
    labels = torch.full_like(batch.inputs["input_ids"], -100)
    labels.view(-1)[batch.targets["position"]] = batch.targets["label"]
    model = transformers.AutoModelForMaskedLM.from_pretrained("plain").eval()
    with torch.inference_mode():
        assert scores["loss"] == pytest.approx(float(model(**batch.inputs, labels=labels).loss), rel=1e-5)
    assert scores["masked_tokens"] == batch.count

    without = ftk("evaluate", *argv[:2], "run.dir=again", *CPU)
    assert without.code == 1
    assert "The folder has no ftk.json." in without.err


def test_models_that_cannot_are_refused(ftk: Callable[..., Result], stories: str, run: Path) -> None:
    import transformers

    save_model_folder(Path("encoder"), "bert")
    headless = ftk("evaluate", "checkpoint=encoder", "task=mlm", f"data.test={run / 'test.txt'}", "run.dir=a", *CPU)
    assert headless.code == 1
    assert "has no head for task=mlm: nothing was trained for it" in headless.err

    config = transformers.GPT2Config(n_embd=32, n_layer=1, n_head=2, vocab_size=95)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained("encoder")
    causal = ftk("pretrain", "model=auto", "model.name=encoder", stories, *SHORT, "run.dir=b")
    assert causal.code == 1
    assert "The architecture gpt2 has no head for masked language modelling" in causal.err
    assert "tokens in" not in causal.out  # it is seen before the text is prepared

    save_model_folder(Path("modern"), "modernbert", "AutoModelForMaskedLM")
    argv = ("model=auto", "model.name=modern", "task.next_sentence=true", stories, *SHORT, "run.dir=c")
    pairs = ftk("pretrain", *argv)
    assert pairs.code == 1
    assert (
        "the architecture modernbert has no head for masked language modelling with next-sentence prediction"
        in pairs.err
    )
    assert not [path for path in map(Path, "abc") if path.exists()]


def test_a_tokenizer_without_a_mask_token_is_refused(ftk: Callable[..., Result], stories: str) -> None:
    save_model_folder(Path("model"), "bert", "AutoModelForMaskedLM")
    settings = read_json("model/tokenizer_config.json")
    del settings["mask_token"]
    Path("model/tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    result = ftk("pretrain", "model=auto", "model.name=model", stories, *SHORT, "run.dir=run")
    assert result.code == 1
    assert "has no mask token" in result.err
    write_lines("in.txt", ["Ada [MASK]."])
    filled = ftk("predict", "checkpoint=model", "task=mlm", "input=in.txt", *CPU)
    assert filled.code == 1
    assert "has no mask token: this model cannot fill masks" in filled.err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("data.max_length=500",), "data.max_length=500: this model accepts at most 128 tokens."),
        (("data.validation=empty.txt",), "data.validation: there is no text in empty.txt"),
        (("data.validation=blank.txt",), "data.validation: there is no text in blank.txt"),
        (("task=ner",), "It learns from labelled rows: ftk finetune."),
        (("task.mask_share=1.5",), "task.mask_share=1.5"),
        (("data.documents=file",), "the training text is a single document, of which none can be held out"),
        (
            ("data.documents=file", "data.validation_share=0", "task.next_sentence=true"),
            "task.next_sentence=true: a split has one document alone, and none to take another text from; see",
        ),
        (("optimizer.lr=1e6", "schedule.warmup=0", "train.max_steps=20", "train.max_grad_norm=null"), "blocks ["),
    ],
)
def test_mistakes_are_named(ftk: Callable[..., Result], stories: str, argv: tuple[str, ...], message: str) -> None:
    write_lines("empty.txt", [])
    write_lines("blank.txt", ["", "  "])
    result = ftk("pretrain", *TINY_MODEL, *SHORT, stories, "run.dir=run", *argv)
    assert result.code == 1
    assert message in result.err


def test_a_text_shorter_than_one_block(ftk: Callable[..., Result]) -> None:
    write_lines("short.txt", ["Ada went to Oslo by slow train."])
    argv = (*TINY_MODEL, *SHORT, "data.train=short.txt", "data.validation_share=0", "run.dir=run", "run.curves=true")
    result = ftk("pretrain", "--json", *argv)
    assert result.code == 0, result.err
    assert result.count(task_kinds.ONE_BLOCK) == 1
    assert "validation" not in read_json("run/metrics.json")
    assert Path("run/curves.png").is_file()


def test_another_task_than_that_of_the_model_is_refused(
    ftk: Callable[..., Result], run: Path, toy: tuple[str, ...]
) -> None:
    path = write_conll("rows.conll", toy_sentences(2))
    wrong = ftk("evaluate", f"checkpoint={run / 'run' / 'best'}", "task=ner", f"data.test={path}", "run.dir=a", *CPU)
    assert wrong.code == 1
    assert "the model was trained for mlm, not for ner" in wrong.err
