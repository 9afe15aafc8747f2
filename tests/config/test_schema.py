"""Every key has a meaning: one that is written down, and one home for its value."""

import ast
import inspect

import pytest

from ftk.config import choices, data_choices, schema
from ftk.config.schema import checking, comparing, data, model, reporting, run, training

CLASSES = {
    node.name: node
    for module in (choices, data_choices, checking, comparing, data, model, reporting, run, training, schema)
    for node in ast.parse(inspect.getsource(module)).body
    if isinstance(node, ast.ClassDef)
}


def is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def test_every_class_and_every_field_is_documented() -> None:
    assert {"FinetuneConfig", "TrainConfig", "Precision"} <= set(CLASSES)
    missing = []
    for name, node in CLASSES.items():
        missing += [] if is_text(node.body[0]) else [name]
        for field, after in zip(node.body, [*node.body[1:], ast.Pass()], strict=True):
            # A section, or a choice among named values, is documented where it is defined.
            if isinstance(field, ast.AnnAssign) and ast.unparse(field.annotation) not in CLASSES:
                missing += [] if is_text(after) else [f"{name}.{ast.unparse(field.target)}"]
    assert missing == []


def test_values_live_in_yaml_only() -> None:
    """Except for keys that config folders copied from an earlier release do not have."""
    with_default = [
        f"{name}.{ast.unparse(field.target)}"
        for name, node in CLASSES.items()
        for field in node.body
        if isinstance(field, ast.AnnAssign) and field.value is not None
    ]
    assert set(with_default) == {
        "DataConfig.bad_rows",
        "DataConfig.delimiter",
        "DataConfig.quoting",
        "DataConfig.test_share",
        "DataConfig.group",
        "DataConfig.cut",
        "DataConfig.storage",
        "DataConfig.unlabelled",
        "DataConfig.offsets",
        "DataConfig.max_windows",
        "ModelConfig.pooling",
        "ModelConfig.default_pooling",
        "ModelConfig.text_prefix",
        "TextPrefixConfig.text",
        "TextPrefixConfig.pair",
        "TextPrefixConfig.query",
        "TextPrefixConfig.candidate",
        "CheckpointConfig.model",
        "ModelConfig.reinit_layers",
        "ModelConfig.head_init",
        "TrainConfig.metric",
        "TrainConfig.baselines",
        "TrainConfig.dynamics",
        "TrainConfig.grouping",
        "ScoredRunConfig.report",
        "TrainingRunConfig.curves",
        "TrainingRunConfig.keep",
        "TrainingRunConfig.card",
        "TrainingConfig.tracker",
        "SweepConfig.dir",
        "SweepConfig.jobs",
        "SweepConfig.retry",
        "PredictionsConfig.scores",
        "PredictionsConfig.abstain",
        "PredictionsConfig.coverage",
        "PredictionsConfig.out_of_scope",
        "TrainingConfig.objective",
        "TrainingConfig.sweep",
        "EvaluateConfig.sweep",
        "PredictConfig.sweep",
        "FinetuneConfig.calibrate",
        "FinetuneConfig.predict",
        "EvaluateConfig.predict",
        "PredictConfig.predict",
    }


@pytest.mark.parametrize("command", list(schema.SCHEMAS))
def test_unknown_attributes_are_refused(command: str) -> None:
    cls = schema.SCHEMAS[command]
    config = cls(**dict.fromkeys(cls.__dataclass_fields__))
    with pytest.raises(AttributeError):
        config.foo = 1  # slots: Hydra's +foo=1 cannot pass silently
