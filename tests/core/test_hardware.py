"""What hardware=auto chooses, and what is refused because it is missing."""

from typing import Any

import pytest

pytestmark = pytest.mark.torch


def config(**values: Any) -> Any:
    from ftk.config.choices import Device, Precision
    from ftk.config.schema import HardwareConfig

    settings = {"device": Device.cpu, "precision": Precision.auto, "micro_batch": None, "threads": None}
    return HardwareConfig(**{**settings, "eval_tokens": 4096, "compile": False, **values})


@pytest.mark.parametrize(
    ("flags", "precision", "reason"),
    [
        ({"avx512f", "avx512_bf16"}, "bf16", "it computes bf16 natively"),
        ({"amx_bf16"}, "bf16", "it computes bf16 natively"),
        ({"avx512f", "avx512_vnni"}, "fp32", "it has no native bf16, which would be slower"),
        (set(), "fp32", "it has no native bf16, which would be slower"),
    ],
)
def test_auto_is_bf16_just_where_it_is_native(
    flags: set[str], precision: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ftk.core import hardware as device
    from ftk.kernels.processor import Processor

    monkeypatch.setattr(device, "processor", lambda: Processor(flags=frozenset(flags)))
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    chosen = device.choose(config())
    assert chosen.precision.value == precision
    assert f"{precision} ({reason})" in chosen.why
    monkeypatch.setenv("OMP_WAIT_POLICY", "passive")
    assert f"{precision} ({reason}, threads sleep while they wait)" in device.choose(config()).why


@pytest.mark.parametrize(("precision", "lacks"), [("bf16", "computes no bf16"), ("int8", "neither VNNI nor AMX")])
def test_a_precision_that_is_not_native_is_refused(precision: str, lacks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from ftk.config.choices import Precision
    from ftk.core import hardware as device
    from ftk.errors import ConfigError
    from ftk.kernels.processor import Processor

    monkeypatch.setattr(device, "processor", lambda: Processor(flags=frozenset({"avx2"})))
    with pytest.raises(ConfigError, match=f"hardware.precision={precision}: .*{lacks}.*hardware.precision=fp32"):
        device.choose(config(precision=Precision(precision)))


def test_int8_computes_what_is_left_in_bf16_where_that_is_native(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from ftk.config.choices import Precision
    from ftk.core import hardware as device
    from ftk.kernels.processor import Processor

    for flags, inside in (({"avx512_vnni"}, False), ({"avx512_vnni", "avx512_bf16"}, True)):
        monkeypatch.setattr(device, "processor", lambda flags=flags: Processor(flags=frozenset(flags)))
        with device.choose(config(precision=Precision.int8)).autocast():
            assert torch.is_autocast_enabled("cpu") is inside


def test_mps_is_fp32_and_said_to_be_untested(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from ftk.config.choices import Device, Precision
    from ftk.core import hardware as device
    from ftk.errors import ConfigError

    monkeypatch.setattr("torch.backends.mps.is_available", lambda: True)
    for precision in (Precision.auto, Precision.fp32):
        chosen = device.choose(config(device=Device.mps, precision=precision))
        assert (chosen.device.type, chosen.precision, chosen.dtype) == ("mps", Precision.fp32, torch.float32)
        assert "no test of ftk" in chosen.why
    assert device.choose(config(device=Device.auto)).device.type != "mps"
    for precision in (Precision.bf16, Precision.fp16, Precision.int8):
        with pytest.raises(ConfigError, match=r"hardware\.precision"):
            device.choose(config(device=Device.mps, precision=precision))


def test_a_missing_mps_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from ftk.config.choices import Device
    from ftk.core import hardware as device
    from ftk.errors import ConfigError

    monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
    with pytest.raises(ConfigError, match=r"hardware\.device=mps"):
        device.choose(config(device=Device.mps))
