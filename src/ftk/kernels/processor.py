"""Reads the capabilities of the processor from the system."""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Processor:
    """Maker and feature flags of a processor as Linux names them; both are empty on other systems."""

    maker: str = ""
    flags: frozenset[str] = frozenset()

    @property
    def has_bf16(self) -> bool:
        """Whether the processor multiplies bf16 natively; otherwise bf16 is slower than fp32."""
        return bool({"avx512_bf16", "amx_bf16", "bf16"} & self.flags)

    @property
    def has_int8(self) -> bool:
        """Whether the processor accumulates int8 products natively; otherwise int8 is slower than fp32."""
        return bool({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"} & self.flags)


@cache
def processor() -> Processor:
    """The processor of this machine."""
    found: dict[str, str] = {}
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as stream:
            for line in stream:
                name, _, value = line.partition(":")
                if not name.strip():
                    break  # the other cores are the same
                found[name.strip()] = value.strip()
    except OSError:  # not Linux: the capabilities are unknown
        return Processor()
    flags = found.get("flags", found.get("Features", ""))
    return Processor(found.get("vendor_id", ""), frozenset(flags.split()))
