"""What computes, in which precision, and why."""

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache

import torch

from ftk.config.schema import Device, HardwareConfig, Precision
from ftk.errors import ConfigError
from ftk.kernels.memory import keep_memory
from ftk.waiting import POLICY

_THREADS = torch.get_num_threads()


@dataclass(frozen=True, slots=True)
class Hardware:
    """A device and the type of its matrix products; parameters, optimizer and losses are fp32 always."""

    device: torch.device
    precision: Precision
    why: str

    def autocast(self) -> AbstractContextManager[object]:
        """The context in which the forward pass runs."""
        dtype = {Precision.bf16: torch.bfloat16, Precision.fp16: torch.float16}.get(self.precision)
        if self.precision is Precision.int8 and cpu_has_bf16():  # what is not in int8: attention, and all between
            dtype = torch.bfloat16
        return torch.autocast(self.device.type, dtype=dtype or torch.bfloat16, enabled=dtype is not None)

    def scaler(self) -> torch.amp.GradScaler:
        """Loss scaling: for fp16 alone; otherwise it does nothing."""
        return torch.amp.GradScaler(self.device.type, enabled=self.precision is Precision.fp16)


def choose(config: HardwareConfig) -> Hardware:
    """Settle what ``auto`` leaves open, and refuse what is not there.

    Raises:
        ConfigError: a GPU or a precision is asked for that this machine does not have.
    """
    torch.set_num_threads(config.threads or _THREADS)  # a job of a sweep does not inherit those of the one before
    keep_memory()
    has_gpu = torch.cuda.is_available()
    if config.device is Device.cuda and not has_gpu:
        raise ConfigError("hardware.device=cuda: torch sees no GPU here; use hardware=cpu or hardware=auto.")
    use_gpu = has_gpu and config.device is not Device.cpu
    device = torch.device("cuda" if use_gpu else "cpu")
    native_bf16 = torch.cuda.is_bf16_supported(including_emulation=False) if use_gpu else cpu_has_bf16()
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
        if not cpu_has_int8():
            raise ConfigError(
                "hardware.precision=int8: this processor (it has neither VNNI nor AMX) would be slower with it; use "
                "hardware.precision=fp32."
            )
    return Hardware(device, precision, _why(config, device, precision, native_bf16))


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


def cpu_has_bf16() -> bool:
    """Whether the processor multiplies bf16 natively; without that it is slower than fp32."""
    return bool({"avx512_bf16", "amx_bf16", "bf16"} & _processor_flags())


def cpu_has_int8() -> bool:
    """Whether the processor adds up products of int8 natively; without that it is slower than fp32."""
    return bool({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"} & _processor_flags())


@cache
def _processor_flags() -> set[str]:
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as stream:
            return set(next((line for line in stream if line.startswith(("flags", "Features"))), "").split())
    except OSError:  # not Linux: nothing is known, so nothing is promised
        return set()
