"""Training only the rows that occur equals training all rows."""

from typing import Any

import pytest

import small_models

pytestmark = pytest.mark.torch

READ = [0, 3, 4, 7, 11, 12]


def make(**changes: Any) -> Any:
    import torch
    from transformers import AutoConfig, AutoModelForTokenClassification

    sizes = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    config = AutoConfig.for_model("bert", vocab_size=40, **sizes, hidden_dropout_prob=0.0, **changes)
    torch.manual_seed(0)
    return AutoModelForTokenClassification.from_config(config)


def train(model: Any, steps: int = 5) -> None:
    import torch

    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2, weight_decay=0.0)
    generator = torch.Generator().manual_seed(2)
    model.train()
    for _ in range(steps):
        torch.manual_seed(0)
        ids = torch.tensor(READ)[torch.randint(0, len(READ), (4, 8), generator=generator)]
        model(input_ids=ids, labels=ids % 2).loss.backward()
        optimizer.step()
        optimizer.zero_grad()


def test_it_equals_training_all_rows() -> None:
    import torch

    from ftk.kernels import train_only_seen_embeddings

    whole, seen = make(), make()
    before = whole.get_input_embeddings().weight.detach().clone()
    assert train_only_seen_embeddings(seen, torch.tensor(READ)) == 40 - len(READ)
    train(whole)
    train(seen)
    ours, theirs = seen.state_dict(), whole.state_dict()
    assert list(ours) == list(theirs)
    for name, tensor in theirs.items():
        assert torch.equal(ours[name], tensor), name
    table = ours["bert.embeddings.word_embeddings.weight"]
    others = [token for token in range(40) if token not in READ]
    assert torch.equal(table[others], before[others])
    assert not torch.equal(table[READ[1:]], before[READ[1:]])


def test_evaluation_reads_trained_rows_and_all_others() -> None:
    import torch

    from ftk.kernels import train_only_seen_embeddings

    whole, seen = make(), make()
    train_only_seen_embeddings(seen, torch.tensor(READ))
    train(whole)
    train(seen)
    ids = torch.arange(40)[None]
    with torch.inference_mode():
        assert torch.equal(seen.eval()(ids).logits, whole.eval()(ids).logits)
    train(whole)
    train(seen)  # and on from there
    assert torch.equal(seen.state_dict()["classifier.weight"], whole.state_dict()["classifier.weight"])


def test_reading_a_frozen_row_in_training_is_an_error() -> None:
    import torch

    from ftk.kernels import train_only_seen_embeddings

    model = make()
    train_only_seen_embeddings(model, torch.tensor(READ))
    with pytest.raises(IndexError):
        model.train()(torch.tensor([[5]]))


def test_the_optimizer_skips_the_other_rows() -> None:
    import torch

    from ftk.kernels import train_only_seen_embeddings
    from ftk.optim.groups import build_optimizer

    model = make()
    train_only_seen_embeddings(model, torch.tensor(READ))
    optimizer = build_optimizer(model, {"_target_": "torch.optim.AdamW", "lr": 1e-3, "weight_decay": 0.1})
    shapes = [tuple(parameter.shape) for group in optimizer.param_groups for parameter in group["params"]]
    assert (len(READ), 32) in shapes
    assert (40, 32) not in shapes


@pytest.mark.parametrize("set_to_none", [True, False])
@pytest.mark.parametrize("padding", [None, 0])
def test_rows_of_earlier_steps_are_zero_again(set_to_none: bool, padding: int | None) -> None:
    """Few of many rows per step, in micro batches, some of them twice, compared with a plain table."""
    import torch
    from torch import nn

    from ftk.kernels import train_only_seen_embeddings

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.table = nn.Embedding(300, 8, padding_idx=padding)

        def get_input_embeddings(self) -> nn.Module:
            return self.table

        def forward(self, ids: Any) -> Any:
            return (self.table(ids) * torch.arange(8.0)).sin().sum()

    plain, seen = Model().train(), Model().train()
    assert train_only_seen_embeddings(seen, torch.arange(200)) == 100
    optimizers = [torch.optim.SGD([p for p in one.parameters() if p.requires_grad], lr=0.1) for one in (plain, seen)]
    generator = torch.Generator().manual_seed(1)
    for _ in range(6):
        micro_batches = [torch.randint(0, 200, (2, 3), generator=generator) for _ in range(2)]
        for model, optimizer in zip((plain, seen), optimizers, strict=True):
            for ids in micro_batches:
                model(ids).backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=set_to_none)
        assert torch.equal(seen.state_dict()["table.weight"], plain.state_dict()["table.weight"])


@pytest.mark.parametrize("architecture", sorted(small_models.ARCHITECTURES))
def test_every_architecture_trains_the_same(architecture: str) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForTokenClassification

    from ftk.kernels import train_only_seen_embeddings

    models = []
    for _ in range(2):
        config = AutoConfig.for_model(architecture, **small_models.ARCHITECTURES[architecture], vocab_size=60)
        config.pad_token_id = 0
        for name in config.to_dict():
            if "dropout" in name:
                setattr(config, name, 0.0)
        torch.manual_seed(0)
        models.append(AutoModelForTokenClassification.from_config(config))
    whole, seen = models
    assert train_only_seen_embeddings(seen, torch.tensor(READ)) == 60 - len(READ)
    train(whole, steps=3)
    train(seen, steps=3)
    assert list(seen.state_dict()) == list(whole.state_dict())
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(seen.state_dict()[name], tensor, msg=name)


@pytest.mark.parametrize("why", ["tied", "frozen", "nearly all rows"])
def test_unsupported_models_are_unchanged(why: str) -> None:
    import torch
    from torch import nn
    from transformers import AutoModelForMaskedLM

    from ftk.kernels import train_only_seen_embeddings

    model = make()
    tokens = torch.tensor(READ)
    if why == "tied":
        model = AutoModelForMaskedLM.from_config(model.config)
        assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    elif why == "frozen":
        model.get_input_embeddings().weight.requires_grad_(False)
    else:
        tokens = torch.arange(39)
    assert train_only_seen_embeddings(model, tokens) == 0
    assert type(model.get_input_embeddings()) is nn.Embedding


def test_the_gradient_reaches_autograd_grad_and_hooks() -> None:
    import torch

    from ftk.kernels import train_only_seen_embeddings

    whole, seen = make(), make()
    train_only_seen_embeddings(seen, torch.tensor(READ))
    ids = torch.tensor([[3, 4, 3, 12]])
    plain, ours = whole.get_input_embeddings().weight, seen.get_input_embeddings().seen

    def loss(model: Any) -> Any:
        torch.manual_seed(0)
        return model.train()(input_ids=ids, labels=ids % 2).loss

    [expected] = torch.autograd.grad(loss(whole), [plain])
    [found] = torch.autograd.grad(loss(seen), [ours])
    assert torch.equal(found.to_dense(), expected[READ])
    assert not ours.grad.any(), "autograd.grad leaves .grad alone"
    seen.zero_grad()
    hooked: list[Any] = []
    handle = ours.register_hook(lambda gradient: hooked.append(gradient.to_dense()))
    loss(seen).backward()
    handle.remove()
    assert torch.equal(hooked[0], expected[READ])
    assert torch.equal(ours.grad, expected[READ])


def test_many_lookups_in_a_step_are_added_in_the_order_of_the_backward_pass() -> None:
    """And a backward pass that fails leaves nothing behind for the next step."""
    import torch
    from torch import nn

    from ftk.kernels import train_only_seen_embeddings

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(90, 8)

        def get_input_embeddings(self) -> nn.Module:
            return self.table

    model = Model().train()
    train_only_seen_embeddings(model, torch.arange(60))
    seen = model.table.seen
    generator = torch.Generator().manual_seed(1)
    parts = [torch.randint(0, 60, (4, 5), generator=generator) for _ in range(3)]
    scales = torch.randn(3, 4, 5, 8, generator=generator)

    def loss(scale: float = 1.0) -> Any:
        return sum((model.table(ids).sin() * scales[number] * scale).sum() ** 2 for number, ids in enumerate(parts))

    def fail(gradient: Any) -> None:
        raise MemoryError

    broken = loss(3.0)
    embedded = model.table(parts[0])
    embedded.register_hook(fail)
    with pytest.raises(MemoryError):
        (broken + embedded.sum()).backward()
    model.zero_grad()
    hooked: list[Any] = []
    total = 0
    for number, ids in enumerate(parts):
        embedded = model.table(ids)
        embedded.register_hook(lambda gradient, ids=ids: hooked.append((ids.flatten(), gradient.flatten(0, 1).clone())))
        total = total + (embedded.sin() * scales[number]).sum() ** 2
    total.backward()
    expected = torch.zeros_like(seen)
    for ids, gradient in hooked:
        expected.index_add_(0, ids, gradient)
    assert len(hooked) == 3
    assert torch.equal(seen.grad, expected)
