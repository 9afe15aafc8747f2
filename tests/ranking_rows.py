"""Questions and answers that are written here, and the task that ranks them."""

from typing import Any

from ftk.tasks import build_task

FRUIT = ("apple", "pear", "plum", "cherry", "quince", "medlar")
TOWNS = ("oslo", "lima", "quito", "turin")


def ranking_task(**fields: Any) -> Any:
    """The task as it is shipped, with other values in some fields."""
    import yaml

    from ftk.config.paths import shipped_configs

    shipped = yaml.safe_load((shipped_configs() / "task/ranking.yaml").read_text(encoding="utf-8"))
    return build_task({**shipped, **fields})


def sales(number: int, first: int = 0) -> list[dict]:
    """Questions whose answer has the same two words: a tiny bi-encoder learns it in seconds."""
    rows = []
    for i in range(first, first + number):
        fruit, town = FRUIT[i % 6], TOWNS[i // 6 % 4]
        rows.append({"id": i, "query": f"who buys {fruit} in {town}", "positive": f"all {fruit} goes to {town} market"})
    return rows
