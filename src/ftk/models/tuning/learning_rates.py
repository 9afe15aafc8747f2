"""Learning rates of the parts of a model."""

from ftk.config.schema import ModelConfig
from ftk.models.architectures import fusion


def lr_scales(model: ModelConfig) -> dict[str, float]:
    """Learning-rate factors of the encoders and heads of a model with several encoders, by parameter name.

    Each encoder and its head are trained at that encoder's ``default_lr``. The mixing weight of a weighted fusion has
    its
    own rate: it is a single number, which would hardly move at the rate of a matrix.
    """
    if not model.towers:
        return {}
    own = _rate(model)
    scales = {name: _rate(tower) / own for name, tower in model.towers.items()}
    found = {f"{part}.{name}": scale for part in ("towers", "heads") for name, scale in scales.items()}
    return {**found, fusion.SHARE: fusion.SHARE_LR / own}


def _rate(model: ModelConfig) -> float:
    assert model.default_lr is not None  # a run has a rate in place of each that is open
    return model.default_lr
