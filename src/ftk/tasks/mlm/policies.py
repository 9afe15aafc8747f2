"""The choices for fields of tasks on raw text."""

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
