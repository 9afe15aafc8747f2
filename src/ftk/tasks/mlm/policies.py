"""What the fields of the tasks for raw text choose between; what acts on it is elsewhere, and needs numpy."""

from enum import Enum


class Unit(Enum):
    """What is masked as one."""

    token = "token"
    word = "word"
    span = "span"


class Packing(Enum):
    """How documents share blocks."""

    stream = "stream"
    documents = "documents"
