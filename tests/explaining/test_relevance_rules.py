"""The rules of relevance: over models of several architectures, all relevance sums up to what it explains."""

import pytest

from small_models import ARCHITECTURES

pytestmark = pytest.mark.torch

SLOW = ("xlm-roberta", "distilbert", "electra", "mpnet")
COVERED = ("bert", "roberta", "modernbert", *(pytest.param(kind, marks=pytest.mark.slow) for kind in SLOW))


def relevance(kind: str):
    """The value of a random model with two labels, the sum of the relevance of all that is added in it, and that of
    plain gradients; in fp64, so that rounding counts for nothing."""
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification

    from ftk.explaining.rules import RelevanceRules

    torch.manual_seed(0)
    special = {f"{name}_token_id": 1 for name in ("pad", "bos", "eos", "cls", "sep")}
    config = AutoConfig.for_model(kind, **{"vocab_size": 64, "num_labels": 2, **special, **ARCHITECTURES[kind]})
    model = AutoModelForSequenceClassification.from_config(config).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    added = [
        parameter
        for module in model.modules()
        for name, parameter in module.named_parameters(recurse=False)
        if isinstance(module, torch.nn.Embedding) or "bias" in name
    ]
    ids = torch.randint(5, 64, (2, 9))
    mask = torch.ones_like(ids)
    mask[1, 6:] = 0

    def summed(rules: bool) -> tuple[float, float]:
        from contextlib import nullcontext

        with RelevanceRules() if rules else nullcontext():
            value = model(input_ids=ids, attention_mask=mask).logits[:, 0].sum()
        gradients = torch.autograd.grad(value, added, allow_unused=True)
        shares = [
            float((one.detach() * found).sum())
            for one, found in zip(added, gradients, strict=True)
            if found is not None
        ]
        return float(value.detach()), sum(shares)

    (value, with_rules), (plain, without) = summed(True), summed(False)
    assert value == pytest.approx(plain, rel=1e-9), "a rule has changed what the model computes"
    return value, with_rules, without


@pytest.mark.parametrize("kind", COVERED)
def test_relevance_is_conserved(kind):
    value, with_rules, without = relevance(kind)
    assert with_rules == pytest.approx(value, rel=1e-6)
    assert abs(without - value) > 1e-3 * abs(value), "plain gradients are conserved, too: the test shows nothing"


def test_a_product_of_gates_is_conserved():
    import torch

    from ftk.explaining.rules import RelevanceRules

    states = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    with RelevanceRules():
        value = (torch.nn.functional.silu(states[0]) * states[1] * torch.tanh(states[2])).sum()
    (gradient,) = torch.autograd.grad(value, states)
    assert float((gradient * states.detach()).sum()) == pytest.approx(float(value.detach()), rel=1e-9)
