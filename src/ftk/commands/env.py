"""``ftk env``: versions and hardware, for bug reports."""

import sys
from typing import Any

from ftk.errors import ConfigError


def run(command: str, argv: list[str]) -> int:
    """Print what ``environment.json`` of a run records about this machine."""
    if argv and argv[0] in ("-h", "--help"):
        sys.stdout.write("usage: ftk env        versions and hardware, for bug reports\n")
        return 0
    if argv:
        raise ConfigError(f"'{' '.join(argv)}' is not understood; usage: ftk env")
    from ftk.config.paths import shipped_configs, user_configs
    from ftk.report.environment import environment_facts

    facts: dict[str, Any] = environment_facts()
    packages = facts.pop("packages")
    facts.update(packages)
    facts.update(_hardware())
    facts["configs"] = shipped_configs()
    facts["own configs"] = ", ".join(map(str, user_configs())) or "none (FTK_CONFIG_PATH)"
    for name, value in facts.items():
        sys.stdout.write(f"{name:<16}{value if value is not None else 'none'}\n")
    return 0


def _hardware() -> dict[str, Any]:
    try:
        import torch

        from ftk.kernels.processor import processor
    except (ImportError, OSError) as error:  # a bug report may be about a broken install
        return {"gpus": f"unknown: torch cannot be imported ({error})"}

    names = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return {
        "threads": torch.get_num_threads(),
        "gpus": ", ".join(names) or "none",
        "cpu bf16": "native" if processor().has_bf16 else "not native",
        "cpu int8": "native" if processor().has_int8 else "not native",
    }
