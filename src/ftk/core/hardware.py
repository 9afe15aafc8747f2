"""The device and precision of a run, and how they were chosen."""

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import torch

from ftk.config.choices import Device, Precision
from ftk.config.schema import HardwareConfig
from ftk.core.out_of_memory import is_limited
from ftk.errors import ConfigError, ModelError
from ftk.kernels.memory import keep_memory
from ftk.kernels.processor import processor
from ftk.system.wait_policy import POLICY

THREADS = torch.get_num_threads()
"""The thread count of torch when this module is imported."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """A device and the precision of its matrix products. Parameters, optimizer state and losses are always fp32.

    Attributes:
        device: where the model is.
        precision: the one that the user chose, or that is best on this machine.
        why: how they were chosen, for the user.
        in_fp32: whether the model computes in fp32 nevertheless, since it cannot be run in bf16.
    """

    device: torch.device
    precision: Precision
    why: str
    in_fp32: bool = False

    @property
    def dtype(self) -> torch.dtype:
        """The type of matrix products; with int8, the type of everything else, such as attention."""
        if self.in_fp32:
            return torch.float32
        if self.precision is Precision.int8:
            return torch.bfloat16 if processor().has_bf16 else torch.float32
        return {Precision.bf16: torch.bfloat16, Precision.fp16: torch.float16}.get(self.precision, torch.float32)

    def facts(self) -> dict[str, Any]:
        """What a run folder records."""
        return {
            "hardware": self.why,
            "device": self.device.type,
            "precision": self.precision.value,
            "threads": torch.get_num_threads(),
            **({"model_precision": Precision.fp32.value} if self.in_fp32 else {}),
        }

    def for_fp32_model(self, config: HardwareConfig, model: str, reason: str) -> "Hardware":
        """The same for a model that cannot be run in bf16.

        Args:
            config: the hardware section of the config.
            model: its class, for messages.
            reason: why it cannot.

        Raises:
            ModelError: the user asks for bf16.
        """
        if config.precision is Precision.bf16:
            raise ModelError(
                f"hardware.precision=bf16: {model} cannot be run in bf16, in transformers either ({reason}); use "
                "hardware.precision=fp32."
            )
        why = f"{self.why}; {model} computes in fp32, because it cannot be run in bf16 ({reason})"
        return replace(self, why=why, in_fp32=True)

    def autocast(self) -> AbstractContextManager[object]:
        """The context of the forward pass."""
        reduced = self.dtype is not torch.float32
        return torch.autocast(self.device.type, dtype=self.dtype if reduced else torch.bfloat16, enabled=reduced)

    def scaler(self) -> torch.amp.GradScaler:
        """The loss scaler; it does nothing unless the precision is fp16."""
        return torch.amp.GradScaler(self.device.type, enabled=self.precision is Precision.fp16)


def choose(config: HardwareConfig) -> Hardware:
    """Choose what ``auto`` leaves open, and refuse what this machine does not have.

    Raises:
        ConfigError: the config asks for a GPU or a precision that this machine does not have.
    """
    torch.set_num_threads(config.threads or THREADS)  # not those of the previous job of a sweep
    if not is_limited():  # under a limit, memory that is kept is not there for blocks of other sizes
        keep_memory()
    if config.device is Device.mps:
        return _of_apple(config)
    has_gpu = torch.cuda.is_available()
    if config.device is Device.cuda and not has_gpu:
        raise ConfigError("hardware.device=cuda: torch sees no GPU here; use hardware=cpu or hardware=auto.")
    use_gpu = has_gpu and config.device is not Device.cpu
    device = torch.device("cuda" if use_gpu else "cpu")
    native_bf16 = torch.cuda.is_bf16_supported(including_emulation=False) if use_gpu else processor().has_bf16
    precision = config.precision
    if precision is Precision.auto:
        precision = Precision.bf16 if native_bf16 else Precision.fp32
    if precision is Precision.bf16 and not native_bf16:
        what = "GPU" if use_gpu else "processor (it has neither avx512_bf16 nor AMX)"
        raise ConfigError(f"hardware.precision=bf16: this {what} computes no bf16; use hardware.precision=fp32.")
    if precision is Precision.fp16 and not use_gpu:
        raise ConfigError(
            "hardware.precision=fp16: it needs a GPU; hardware.precision=auto takes what is fastest here."
        )
    if precision is Precision.int8:
        if use_gpu:
            raise ConfigError("hardware.precision=int8: it is for the CPU; add hardware.device=cpu.")
        if not processor().has_int8:
            raise ConfigError(
                "hardware.precision=int8: this processor (it has neither VNNI nor AMX) would be slower with it; use "
                "hardware.precision=fp32."
            )
    return Hardware(device, precision, _why(config, device, precision, native_bf16))


def _of_apple(config: HardwareConfig) -> Hardware:
    """The GPU of an Apple processor, in fp32.

    Raises:
        ConfigError: it is not there, or another precision is asked for.
    """
    if not torch.backends.mps.is_available():
        raise ConfigError(
            "hardware.device=mps: torch has no MPS here, which is the GPU of Apple's processors; use hardware=cpu or "
            "hardware=auto."
        )
    if config.precision not in (Precision.auto, Precision.fp32):
        raise ConfigError(f"hardware.precision={config.precision.value}: MPS computes in fp32; leave the key out.")
    why = "hardware: MPS, fp32 (no test of ftk has run on MPS: compare some results with those of hardware=cpu)"
    return Hardware(torch.device("mps"), Precision.fp32, why)


def _why(config: HardwareConfig, device: torch.device, precision: Precision, native_bf16: bool) -> str:
    gpu = device.type == "cuda"
    name = torch.cuda.get_device_name(device) if gpu else _threads(torch.get_num_threads())
    reasons = []
    if config.device is Device.auto:
        reasons.append("a GPU is there" if device.type == "cuda" else "torch sees no GPU")
    if config.precision is Precision.auto:
        reasons.append("it computes bf16 natively" if native_bf16 else "it has no native bf16, which would be slower")
    if not gpu and os.environ.get(POLICY, "").upper() == "PASSIVE":
        reasons.append("threads sleep while they wait")
    return f"hardware: {name}, {precision.value}" + (f" ({', '.join(reasons)})" if reasons else "")


def _threads(number: int) -> str:
    return f"CPU, {number} thread{'s' if number > 1 else ''}"
