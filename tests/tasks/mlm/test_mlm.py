"""Masked language modelling against transformers' own dense losses and against each document read alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ftk.errors import ConfigError, DataError, ModelError
from pretraining import blocks_of, mlm_task
from small_models import ARCHITECTURES, TOKENIZERS, WORDS, make_tokenizer

pytestmark = pytest.mark.torch

PACKS = ("bert", "roberta", "xlm-roberta", "distilbert", "electra", "albert", "mpnet", "modernbert")


def build(architecture: str, auto_model: str = "AutoModelForMaskedLM", **changes: Any) -> tuple[Any, Any]:
    """A random model without dropout at work, and its tokenizer."""
    import torch
    import transformers

    torch.manual_seed(0)
    tokenizer = make_tokenizer(TOKENIZERS[architecture])
    values = {**ARCHITECTURES[architecture], "vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id}
    attention = changes.pop("attention", None)
    config = transformers.AutoConfig.for_model(architecture, **{**values, "initializer_range": 0.2, **changes})
    model = getattr(transformers, auto_model).from_config(config, attn_implementation=attention)
    return model.eval(), tokenizer


def documents(*lengths: int) -> list[str]:
    """Documents of so many words."""
    return [" ".join(WORDS[(3 * i + 5 * number) % 16] for i in range(n)) for number, n in enumerate(lengths)]


def batch_of(task: Any, blocks: Any, tokenizer: Any, *, seed: int = 1) -> Any:
    from ftk.contracts.contexts import SampleSeed

    windows = list(range(len(blocks)))
    return task.collate(blocks, windows, SampleSeed(seed, np.zeros(len(windows), dtype=np.int64)))


def dense_labels(batch: Any) -> Any:
    import torch

    labels = torch.full_like(batch.inputs["input_ids"], -100)
    labels.view(-1)[batch.targets["position"]] = batch.targets["label"]
    return labels


def gradients(model: Any, loss: Any) -> dict[str, Any]:
    model.zero_grad()
    loss.backward()
    return {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_loss_and_gradients_are_those_of_the_dense_head(tmp_path: Path, architecture: str) -> None:
    import torch

    model, tokenizer = build(architecture)
    task = mlm_task()
    blocks = blocks_of(task, tokenizer, documents(9, 40, 23, 30), tmp_path, length=24)
    task.check_model(model, blocks)
    batch = batch_of(task, blocks, tokenizer)
    assert 0 < batch.count < batch.tokens / 3
    assert batch.inputs["attention_mask"].min() == 0  # the last block is not full

    loss = task.loss(task.forward(model, batch), batch)
    sparse = gradients(model, loss.sum / loss.count)
    expected = model(**batch.inputs, labels=dense_labels(batch)).loss
    dense = gradients(model, expected)
    assert torch.allclose(loss.sum / loss.count, expected, rtol=1e-5, atol=1e-5)
    assert sparse.keys() == dense.keys()
    for name, gradient in dense.items():
        assert torch.allclose(sparse[name], gradient, rtol=1e-4, atol=1e-5), name


@pytest.mark.parametrize("architecture", ["big_bird", "convbert", "esm", "fnet", "funnel", "roformer", "squeezebert"])
def test_architectures_that_nothing_here_names(architecture: str) -> None:
    import torch
    import transformers

    from ftk.models.forward.masked_positions import logits_at

    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    sizes |= {"vocab_size": 50, "max_position_embeddings": 64, "pad_token_id": 1, "embedding_size": 32}
    if architecture == "funnel":
        sizes = {"vocab_size": 50, "d_model": 32, "n_head": 2, "d_head": 16, "d_inner": 64, "block_sizes": [1, 1, 1]}
    config = transformers.AutoConfig.for_model(architecture, **sizes)
    model = transformers.AutoModelForMaskedLM.from_config(config).eval()
    inputs = {"input_ids": torch.randint(5, 50, (3, 24)), "attention_mask": torch.ones(3, 24, dtype=torch.int64)}
    positions = torch.tensor([0, 7, 23, 24, 50, 71])
    with torch.inference_mode():
        dense = model(**inputs).logits.flatten(0, 1)[positions]
        assert torch.allclose(logits_at(model, inputs, positions), dense, rtol=1e-5, atol=1e-5)


def test_a_head_that_does_not_read_single_positions_is_refused(tmp_path: Path) -> None:
    model, tokenizer = build("bert", "AutoModelForSequenceClassification")
    blocks = blocks_of(mlm_task(), tokenizer, documents(20), tmp_path, length=16)
    with pytest.raises(ModelError, match="BertForSequenceClassification cannot be trained by masking"):
        mlm_task().check_model(model, blocks)


@pytest.mark.parametrize(
    ("architecture", "attention"),
    [(name, kind) for name in PACKS for kind in ("sdpa", "eager") if (name, kind) != ("mpnet", "sdpa")],
)
def test_packed_documents_do_not_see_one_another(tmp_path: Path, architecture: str, attention: str) -> None:
    import torch

    model, tokenizer = build(architecture, attention=attention)
    task = mlm_task(packing="documents")
    blocks = blocks_of(task, tokenizer, documents(3, 24, 2, 1, 5, 1, 19, 27, 6, 11, 2), tmp_path, length=60)
    task.check_model(model, blocks)
    batch = batch_of(task, blocks, tokenizer)
    assert int(batch.targets["document"].max()) >= 2
    assert int(batch.targets["document"].min()) == -1  # there is padding
    with torch.inference_mode():
        packed = task.forward(model, batch).logits
        alone = []
        time = batch.inputs["input_ids"].shape[1]
        for number in range(len(blocks)):
            ids, document = batch.inputs["input_ids"][number], batch.targets["document"][number]
            for member in range(int(document.max()) + 1):
                places = (document == member).nonzero().ravel()
                at = torch.isin(places + number * time, batch.targets["position"])
                alone.append(model(input_ids=ids[places][None]).logits[0, at])
    assert torch.allclose(packed, torch.cat(alone), rtol=1e-5, atol=1e-5)


def test_packing_documents_is_refused_where_the_architecture_cannot(tmp_path: Path) -> None:
    model, tokenizer = build("deberta-v2")
    task = mlm_task(packing="documents")
    blocks = blocks_of(task, tokenizer, documents(3, 4, 5), tmp_path, length=32)
    with pytest.raises(ModelError, match=r"DebertaV2ForMaskedLM does not keep packed documents apart.*packing=stream"):
        task.check_model(model, blocks)


def test_a_vocabulary_larger_than_that_of_the_model_is_refused(tmp_path: Path) -> None:
    model, tokenizer = build("bert", vocab_size=20)
    blocks = blocks_of(mlm_task(), tokenizer, documents(20), tmp_path, length=16)
    with pytest.raises(ModelError, match=f"{len(tokenizer)} entries and BertForMaskedLM embeds 20: "):
        mlm_task().check_model(model, blocks)


def test_next_sentence_prediction_adds_the_two_means_of_bert(tmp_path: Path) -> None:
    import torch

    model, tokenizer = build("bert", "AutoModelForPreTraining")
    task = mlm_task(next_sentence=True)
    assert task.spec.auto_model == "AutoModelForPreTraining"
    # Of 43 tokens 40 are text, in each of which 6 are chosen: all blocks are full.
    blocks = blocks_of(task, tokenizer, documents(80, 120, 40, 80), tmp_path, length=43)
    task.check_model(model, blocks)
    batch = batch_of(task, blocks, tokenizer)
    assert set(batch.targets["follows"].tolist()) == {0, 1}
    assert set(batch.inputs["token_type_ids"].ravel().tolist()) == {0, 1}

    loss = task.loss(task.forward(model, batch), batch)
    sparse = gradients(model, loss.sum / loss.count)
    reference = model(**batch.inputs, labels=dense_labels(batch), next_sentence_label=batch.targets["follows"])
    dense = gradients(model, reference.loss)
    assert torch.allclose(loss.sum / loss.count, reference.loss, rtol=1e-5)
    for name, gradient in dense.items():
        assert torch.allclose(sparse[name], gradient, rtol=1e-4, atol=1e-5), name


@pytest.mark.parametrize("architecture", ["roberta", "electra", "albert", "distilbert"])
def test_next_sentence_prediction_is_refused_without_a_head_for_it(tmp_path: Path, architecture: str) -> None:
    task = mlm_task(next_sentence=True)
    model, tokenizer = build(architecture, task.spec.auto_model)
    blocks = blocks_of(task, tokenizer, documents(30, 30), tmp_path, length=24)
    with pytest.raises(ModelError, match=r"no next-sentence head for this architecture.*BERT has one"):
        task.check_model(model, blocks)


def test_scores_are_those_of_a_plain_dense_computation(tmp_path: Path) -> None:
    import torch
    from torch.nn.functional import cross_entropy

    model, tokenizer = build("bert", "AutoModelForPreTraining")
    task = mlm_task(next_sentence=True)
    blocks = blocks_of(task, tokenizer, documents(31, 17, 50, 8), tmp_path, length=24)
    scores = evaluate(task, model, blocks, tokenizer, batch_tokens=60)
    batch = task.collate(blocks, list(range(len(blocks))), None)
    with torch.inference_mode():
        dense = model(**batch.inputs)
    logits = dense.prediction_logits.flatten(0, 1)[batch.targets["position"]]
    expected = float(cross_entropy(logits, batch.targets["label"]))
    pairs, follows = dense.seq_relationship_logits, batch.targets["follows"]
    assert scores["mlm_loss"] == pytest.approx(expected, rel=1e-5)
    assert scores["perplexity"] == pytest.approx(np.exp(expected), rel=1e-4)
    assert scores["accuracy"] == pytest.approx(float((logits.argmax(-1) == batch.targets["label"]).double().mean()))
    assert scores["next_sentence_loss"] == pytest.approx(float(cross_entropy(pairs, follows)), rel=1e-5)
    assert scores["next_sentence_accuracy"] == pytest.approx(float((pairs.argmax(-1) == follows).double().mean()))
    assert scores["masked_tokens"] == batch.count


def evaluate(task: Any, model: Any, blocks: Any, tokenizer: Any, *, batch_tokens: int) -> dict[str, Any]:
    import torch

    from ftk.config.choices import Precision
    from ftk.core.evaluate import Evaluator, Runner
    from ftk.core.hardware import Hardware

    runner = Runner(
        model=model,
        runnable=task,
        labels=None,
        hardware=Hardware(torch.device("cpu"), Precision.fp32, ""),
        batch_tokens=batch_tokens,
        poll=lambda: None,
    )
    return Evaluator(runner, task).score(range(len(blocks)), blocks)


@pytest.mark.parametrize("changes", [{}, {"mask_unit": "word"}, {"mask_unit": "span"}, {"packing": "documents"}])
def test_evaluation_hides_the_same_tokens_whatever_the_batch(tmp_path: Path, changes: dict[str, Any]) -> None:
    model, tokenizer = build("bert")
    task = mlm_task(**changes)
    blocks = blocks_of(task, tokenizer, documents(31, 17, 50, 8, 40), tmp_path, length=24)
    one, other = (evaluate(task, model, blocks, tokenizer, batch_tokens=tokens) for tokens in (1, 10**6))
    for name in ("accuracy", "masked_tokens"):
        assert one[name] == other[name]
    assert one["loss"] == pytest.approx(other["loss"], rel=1e-5)
    assert one["perplexity"] == pytest.approx(np.exp(one["loss"]), rel=1e-5)


def test_training_masks_depend_on_seed_and_epoch_and_evaluation_masks_on_neither(tmp_path: Path) -> None:
    from ftk.contracts.contexts import SampleSeed

    _, tokenizer = build("bert")
    task = mlm_task()
    blocks = blocks_of(task, tokenizer, documents(50), tmp_path, length=24)

    def hidden(seed: SampleSeed | None) -> list[int]:
        return task.collate(blocks, [0, 1], seed).targets["position"].tolist()

    assert hidden(None) == hidden(None)
    first, again = (hidden(SampleSeed(1, np.array([0, 0]))) for _ in range(2))
    assert first == again
    others = [hidden(SampleSeed(2, np.array([0, 0]))), hidden(SampleSeed(1, np.array([1, 1]))), hidden(None)]
    assert all(first != other for other in others)


def test_a_text_without_a_known_word_is_refused(tmp_path: Path) -> None:
    """A text of signs that the vocabulary lacks is special tokens alone: there is nothing to learn."""
    _, tokenizer = build("bert")
    with pytest.raises(DataError, match="no word that the vocabulary knows"):
        blocks_of(mlm_task(), tokenizer, ["☂ ☃ ☄ ★ ☎"], tmp_path, length=16)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("mask_share", 0, "above 0 and below 1"),
        ("mask_share", 1, "above 0 and below 1"),
        ("mask_token_share", 1.1, "between 0 and 1"),
        ("random_token_share", 0.3, "more than 1 together with task.mask_token_share=0.8"),
        ("span_mean", 0.5, "at least one word"),
        ("span_longest", 0, "1 or more"),
        ("top_k", 0, "1 or more"),
        ("mask_unit", "letter", "task.mask_unit=letter"),
        ("mask_shares", 0.1, "Did you mean 'task.mask_share'"),
    ],
)
def test_fields_out_of_range_are_named(field: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        mlm_task(**{field: value})
    assert message in str(raised.value)
    assert f"task.{field}" in str(raised.value)


def test_pairs_are_not_packed() -> None:
    with pytest.raises(ConfigError, match=r"task.packing=documents: .*nothing is packed"):
        mlm_task(next_sentence=True, packing="documents")
