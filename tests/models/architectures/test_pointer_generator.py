"""The pointer-generator's mixture, and decoders initialised with an encoder's weights."""

from pathlib import Path
from typing import Any

import pytest

from conftest import write_lines
from sequence_runs import FAST, WORDS, number_files

pytestmark = pytest.mark.torch
SIZES = {
    "vocab_size": 40,
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "max_position_embeddings": 24,
    "initializer_range": 0.3,
    "pad_token_id": 0,
}


@pytest.fixture
def model() -> Any:
    """A model of two tiny BERTs in evaluation mode."""
    import torch
    from transformers import BertConfig

    from ftk.models.architectures.pointer_generator import PointerGenerator, PointerGeneratorConfig

    torch.manual_seed(5)
    encoder = BertConfig(**SIZES).to_dict()
    decoder = BertConfig(**{**SIZES, "hidden_size": 24}, is_decoder=True, add_cross_attention=True).to_dict()
    config = PointerGeneratorConfig(encoder=encoder, decoder=decoder)
    config.decoder_start_token_id, config.pad_token_id, config.eos_token_id = 1, 0, 2
    model = PointerGenerator(config).eval()
    model.generation_config.decoder_start_token_id = 1
    model.generation_config.pad_token_id = 0
    model.generation_config.eos_token_id = 2
    return model


def rows() -> tuple[Any, Any, Any]:
    """Sources with repeated tokens and padding, and decoder inputs."""
    import torch

    source = torch.tensor([[5, 6, 5, 7, 30], [8, 9, 0, 0, 0]])
    return source, (source != 0).long(), torch.tensor([[1, 5, 31], [1, 9, 9]])


def test_a_token_is_generated_or_copied_from_any_of_its_positions(model: Any) -> None:
    import torch
    from transformers import EncoderDecoderModel

    source, mask, given = rows()
    with torch.no_grad():
        mixed = model(input_ids=source, attention_mask=mask, decoder_input_ids=given)
        plain = EncoderDecoderModel.forward(
            model, input_ids=source, attention_mask=mask, decoder_input_ids=given, output_hidden_states=True
        )
        read = model.encoder(input_ids=source, attention_mask=mask).last_hidden_state
    found = mixed.logits.exp()
    assert torch.allclose(found.sum(-1), torch.ones(2, 3), atol=1e-5)
    for row in range(2):
        real = int(mask[row].sum())
        for target in range(3):
            state = plain.decoder_hidden_states[-1][row, target]
            scores = torch.stack([model.query(state) @ model.key(read[row, place]) / 4 for place in range(real)])
            pointed = scores.softmax(0)
            context = sum(pointed[place] * read[row, place] for place in range(real))
            share = torch.sigmoid(model.copies(torch.cat([state, context])))
            expected = (1 - share) * plain.logits[row, target].softmax(0)
            for place in range(real):
                expected[source[row, place]] += share[0] * pointed[place]
            assert torch.allclose(found[row, target], expected, atol=1e-5)


def test_pure_copying_uses_source_tokens_and_pure_generating_equals_the_plain_model(model: Any) -> None:
    import torch
    from transformers import EncoderDecoderModel

    source, mask, given = rows()
    words = {"attention_mask": mask, "max_new_tokens": 8, "do_sample": False}
    with torch.no_grad():
        model.copies.weight.zero_()
        model.copies.bias.fill_(100.0)
        copied = model.generate(source, **words)
        model.copies.bias.fill_(-100.0)
        written = model(input_ids=source, attention_mask=mask, decoder_input_ids=given).logits
        plain = EncoderDecoderModel.forward(
            model, input_ids=source, attention_mask=mask, decoder_input_ids=given
        ).logits.log_softmax(-1)
    for row in range(2):
        assert set(copied[row, 1:].tolist()) <= set(source[row, : int(mask[row].sum())].tolist())
    assert torch.allclose(written, plain, atol=1e-4)


@pytest.mark.parametrize("beams", [1, 3])
def test_the_key_value_cache_does_not_change_generation(model: Any, beams: int) -> None:
    import torch

    source, mask, _ = rows()
    words = {"attention_mask": mask, "max_new_tokens": 10, "num_beams": beams, "do_sample": False}
    kept = model.generate(source, use_cache=True, **words)
    assert kept.tolist() == model.generate(source, use_cache=False, **words).tolist()
    assert kept.tolist() == model.generate(input_ids=source, **words).tolist()
    for row in range(2):
        real = int(mask[row].sum())
        alone = model.generate(source[row : row + 1, :real], **{**words, "attention_mask": mask[row : row + 1, :real]})
        assert kept[row, : alone.shape[1]].tolist() == alone[0].tolist()
    assert len({tuple(row) for row in kept.tolist()}) == 2
    with pytest.raises(ValueError, match="needs the tokens of the source"):
        model(encoder_outputs=(torch.zeros(1, 2, 16),), decoder_input_ids=source)


@pytest.mark.parametrize("layers", ["packed", "int8"])
def test_lower_precision_predicts_the_same_up_to_rounding(model: Any, layers: str) -> None:
    import torch

    from ftk.kernels.proof import Verdict
    from ftk.kernels.ways import INT8, install, prediction_ways

    source, mask, given = rows()
    with torch.no_grad():
        full = model(input_ids=source, attention_mask=mask, decoder_input_ids=given).logits.exp()
        ways = prediction_ways(torch.bfloat16, rows=32, int8=layers == "int8")
        changed = install(model, ways, Verdict().allows)
        assert changed[INT8] > 0 or layers != "int8"
        with torch.autocast("cpu", torch.bfloat16, enabled=layers == "packed"):
            low = model(input_ids=source, attention_mask=mask, decoder_input_ids=given).logits
            written = model.generate(source, attention_mask=mask, max_new_tokens=4, num_beams=2)
    assert low.dtype == torch.float32
    assert torch.allclose(low.exp().sum(-1), torch.ones(2, 3), atol=1e-4)
    assert torch.allclose(low.exp(), full, atol=0.05)
    assert written.shape[0] == 2


def test_transformers_opens_a_folder_after_registration(model: Any, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForSeq2SeqLM

    from ftk.models.architectures.pointer_generator import PointerGenerator, register_pointer_generator

    register_pointer_generator()
    model.save_pretrained(tmp_path)
    again = AutoModelForSeq2SeqLM.from_pretrained(tmp_path)
    assert isinstance(again, PointerGenerator)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


@pytest.fixture
def pretrained(ftk: Any) -> Path:
    """A BERT with two layers, briefly trained to fill masks."""
    write_lines("texts.txt", [" ".join(WORDS)] * 4)
    argv = ("model=tiny", "data.train=texts.txt", "train.max_steps=1", "hardware=cpu", "data.documents=line")
    assert ftk("pretrain", *argv, "run.dir=pretrained").code == 0
    return Path("pretrained/best")


@pytest.mark.slow
@pytest.mark.parametrize("decoder", ["encoder", "random"])
def test_a_decoder_starts_from_the_encoder_or_from_random_weights(ftk: Any, pretrained: Path, decoder: str) -> None:
    from safetensors.torch import load_file

    argv = ("task=summarization", "model=pointer-generator", f"model.name={pretrained}", *FAST, *number_files())
    size = "model.config.decoder.num_hidden_layers=1"
    words = (size, f"model.decoder_init={decoder}", "train.max_steps=1", "optimizer.lr=1e-30", "run.dir=run")
    result = ftk("finetune", *argv, *words)
    assert result.code == 0, result.err
    before = load_file(pretrained / "model.safetensors")
    after = load_file("run/best/model.safetensors")
    same, anew = set(), set()
    for name, tensor in before.items():
        other = f"decoder.{name}"
        if other not in after:
            assert "encoder.layer.1." in name or name == "cls.predictions.decoder.weight", name
        elif (tensor - after[other]).abs().max() < 1e-12:  # but for the one step
            same.add(name)
        else:
            anew.add(name)
    learned = {name for name in same | anew if not name.endswith(".bias") and "LayerNorm" not in name}
    head = "cls.predictions.transform.dense.weight"
    layer = "bert.encoder.layer.0.attention.self.query.weight"
    assert {head, layer, "bert.embeddings.word_embeddings.weight"} <= learned
    if decoder == "encoder":
        assert not anew
        assert "the decoder starts from the weights of the encoder (model.decoder_init=encoder)" in result.out
        assert "initialised from the seed (not in the weights file): query.weight" in result.out
    else:
        assert not learned & same
        assert (
            "the weights cover the encoder; the rest of the ftk-pointer-generator is initialised from the seed"
            in result.out
        )


@pytest.mark.slow
def test_decoder_init_without_an_added_decoder_is_refused(ftk: Any, pretrained: Path) -> None:
    argv = ("task=summarization", *FAST, *number_files(), "model.decoder_init=encoder")
    result = ftk("finetune", *argv, "model=bart-tiny")
    assert result.code == 1
    assert "model.decoder_init=encoder: this model adds no decoder to a pretrained encoder" in result.err
    narrow = ("model=pointer-generator", f"model.name={pretrained}", "+model.config.decoder.intermediate_size=8")
    result = ftk("finetune", *argv, *narrow)
    assert result.code == 1
    assert "With model.decoder_init=random the decoder does not use them." in result.err
    assert "Traceback" not in result.err
