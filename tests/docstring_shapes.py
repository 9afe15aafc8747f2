"""Holds docstrings to their word: tensors have the shapes that the docstrings of functions give, checked by jaxtyping.

A docstring gives a shape in brackets at its beginning, ``[rows, labels] logits``, and in the description of an
argument, ``scores: [rows, candidates].`` Within one call equal names are equal sizes.
"""

import functools
import inspect
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from jaxtyping import Shaped, jaxtyped

RESULT = re.compile(r"\[([^\[\]]+)\][ .:,;]")
ARGUMENT = re.compile(r"^\s+(\w+): \[([^\[\]]+)\][ .:,;]", re.MULTILINE)


class WrongShapeError(AssertionError):
    """A tensor has another shape than the docstring gives."""


def pattern(shape: str) -> str | None:
    """The shape as jaxtyping writes it; None if it is no list of dimensions."""
    dimensions = []
    for part in shape.split(","):
        words = part.split()
        if words == ["…"]:
            dimensions.append("...")
        elif len(words) == 1 and (words[0].isidentifier() or words[0].isdecimal()):
            dimensions.append(words[0])
        elif all(word.isidentifier() for word in words):
            dimensions.append("_".join(words))
        elif words and all(re.fullmatch(r"\w+|[-+*]", word) for word in words):
            dimensions.append("_")  # a computed size
        else:
            return None
    return " ".join(dimensions)


def declared(function: Callable[..., Any]) -> tuple[str | None, dict[str, str]]:
    """The shape of the result, and those of the arguments, in the docstring of a function."""
    text = function.__doc__ or ""
    first = RESULT.match(text)
    names = inspect.signature(function).parameters
    arguments = {name: shape for name, shape in ARGUMENT.findall(text) if name in names}
    found = {name: dims for name, shape in arguments.items() if (dims := pattern(shape)) is not None}
    return pattern(first.group(1)) if first else None, found


def checked(function: Callable[..., Any], seen: Counter[str]) -> Callable[..., Any]:
    """The function, with its arguments and its result checked; ``seen`` counts what was checked by its name."""
    result, arguments = declared(function)
    signature = inspect.signature(function)
    name = f"{function.__module__}.{function.__qualname__}"

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with jaxtyped("context"):
            bound = signature.bind(*args, **kwargs).arguments
            for argument, dims in arguments.items():
                _check(bound.get(argument), dims, f"{name}({argument})", seen)
            found = function(*args, **kwargs)
            if result is not None and not isinstance(found, list):
                _check(found, result, name, seen)
        for value in found if result is not None and isinstance(found, list) else []:  # each has sizes of its own
            with jaxtyped("context"):
                _check(value, str(result), name, seen)
        return found

    return call


def _check(value: Any, dims: str, name: str, seen: Counter[str]) -> None:
    if not hasattr(value, "shape") or not hasattr(value, "dtype"):
        return
    if not isinstance(value, Shaped[type(value), dims]):
        raise WrongShapeError(f"{name}: the docstring says [{dims.replace(' ', ', ')}], it is {tuple(value.shape)}")
    seen[name] += 1


def functions_of(module: ModuleType) -> Iterator[tuple[Any, str, Callable[..., Any]]]:
    """The functions and methods that a module defines and whose docstrings give shapes, with their owner and name."""
    owners = [module, *(value for value in vars(module).values() if inspect.isclass(value))]
    for owner in owners:
        if owner is not module and owner.__module__ != module.__name__:
            continue
        for name, value in list(vars(owner).items()):
            if inspect.isfunction(value) and value.__module__ == module.__name__ and any(declared(value)):
                yield owner, name, value


def install(seen: Counter[str]) -> Callable[[], None]:
    """Check all functions of ftk that are loaded; returns what takes the checks away again."""
    replaced: list[tuple[Any, str, Any]] = []
    modules = [module for name, module in sys.modules.items() if name.startswith("ftk.") and module is not None]
    for module in modules:
        for owner, name, function in functions_of(module):
            wrapper = checked(function, seen)
            # A function may have been imported into other modules by its name.
            places = [(other, key) for other in modules for key, value in vars(other).items() if value is function]
            for place, key in places if owner is module else [(owner, name)]:
                replaced.append((place, key, function))
                setattr(place, key, wrapper)

    def remove() -> None:
        for place, key, function in replaced:
            setattr(place, key, function)

    return remove
