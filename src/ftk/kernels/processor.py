"""What the processor can, read once from the system."""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Processor:
    """A processor's maker and the names of what it can, as Linux has them; nothing is known on other systems."""

    maker: str = ""
    flags: frozenset[str] = frozenset()

    @property
    def has_bf16(self) -> bool:
        """Whether it multiplies bf16 natively; without that bf16 is slower than fp32."""
        return bool({"avx512_bf16", "amx_bf16", "bf16"} & self.flags)

    @property
    def has_int8(self) -> bool:
        """Whether it adds up products of int8 natively; without that int8 is slower than fp32."""
        return bool({"avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm"} & self.flags)


@cache
def processor() -> Processor:
    """This machine's."""
    found: dict[str, str] = {}
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as stream:
            for line in stream:
                name, _, value = line.partition(":")
                if not name.strip():
                    break  # the others are alike
                found[name.strip()] = value.strip()
    except OSError:  # not Linux: nothing is known, so nothing is promised
        return Processor()
    flags = found.get("flags", found.get("Features", ""))
    return Processor(found.get("vendor_id", ""), frozenset(flags.split()))
