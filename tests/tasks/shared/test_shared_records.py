"""What records of all tasks have in common."""

from ftk.tasks.shared.records import with_columns


def test_a_record_keeps_the_columns_that_json_can_hold() -> None:
    columns = {
        "id": 7,
        "label": "old",
        "image": {"bytes": b"\x89PNG", "path": "1.png"},
        "raw": b"\0",
        "deep": {"x": [1]},
    }
    assert with_columns(columns, {"label": "new"}) == {
        "id": 7,
        "image": {"bytes": None, "path": "1.png"},
        "raw": None,
        "deep": {"x": [1]},
        "label": "new",
    }
