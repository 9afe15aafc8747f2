"""What computes, in which precision, and why."""

from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

from ftk.config.schema import Device, HardwareConfig, Precision
from ftk.errors import ConfigError

_THREADS = torch.get_num_threads()
_DTYPES = {Precision.bf16: torch.bfloat16, Precision.fp16: torch.float16}


@dataclass(frozen=True, slots=True)
class Hardware:
    """A device and the type of its matrix products; parameters, optimizer and losses are fp32 always."""

    device: torch.device
    precision: Precision
    why: str

    def autocast(self) -> AbstractContextManager[object]:
        """The context in which the forward pass runs."""
        dtype = _DTYPES.get(self.precision)
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
    has_gpu = torch.cuda.is_available()
    if config.device is Device.cuda and not has_gpu:
        raise ConfigError("hardware.device=cuda: torch sees no GPU here; use hardware=cpu or hardware=auto.")
    use_gpu = has_gpu and config.device is not Device.cpu
    device = torch.device("cuda" if use_gpu else "cpu")
    native_bf16 = torch.cuda.is_bf16_supported(including_emulation=False) if use_gpu else cpu_has_bf16()
    precision = config.precision
    if precision is Precision.auto:
        precision = Precision.bf16 if use_gpu and native_bf16 else Precision.fp32
    if precision is Precision.bf16 and not native_bf16:
        what = "GPU" if use_gpu else "processor (it has neither avx512_bf16 nor AMX)"
        raise ConfigError(f"hardware.precision=bf16: this {what} computes no bf16; use hardware.precision=fp32.")
    if precision is Precision.fp16 and not use_gpu:
        raise ConfigError(
            "hardware.precision=fp16: it needs a GPU; use hardware=cpu or, where there is bf16, cpu-bf16."
        )
    return Hardware(device, precision, _why(config, device, precision, native_bf16))


def _why(config: HardwareConfig, device: torch.device, precision: Precision, native_bf16: bool) -> str:
    gpu = device.type == "cuda"
    name = torch.cuda.get_device_name(device) if gpu else _threads(torch.get_num_threads())
    reasons = []
    if config.device is Device.auto:
        reasons.append("a GPU is there" if device.type == "cuda" else "torch sees no GPU")
    if config.precision is Precision.auto:
        if precision is Precision.bf16:
            reasons.append("it computes bf16 natively")
        elif device.type == "cpu":
            reasons.append("fp32 is exact" + ("; hardware=cpu-bf16 is there too" if native_bf16 else ""))
        else:
            reasons.append("it has no native bf16")
    return f"hardware: {name}, {precision.value}" + (f" ({', '.join(reasons)})" if reasons else "")


def _threads(number: int) -> str:
    return f"CPU, {number} thread{'s' if number > 1 else ''}"


def cpu_has_bf16() -> bool:
    """Whether the processor multiplies bf16 natively; without that it is slower than fp32."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as stream:
            flags = next((line for line in stream if line.startswith(("flags", "Features"))), "").split()
    except OSError:  # not Linux: nothing is known, so nothing is promised
        return False
    return bool({"avx512_bf16", "amx_bf16", "bf16"} & set(flags))
