"""The tasks, one dataclass a module; ``build_task`` makes one from a config, ``built_in_task`` finds one by name,
and ``task_name`` says the name of one."""

from ftk.tasks.building import build_task, built_in_task, called, task_from_fields, task_name

__all__ = ["build_task", "built_in_task", "called", "task_from_fields", "task_name"]
