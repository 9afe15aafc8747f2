"""Numbers of parameters as people write them."""

_MILLIONS = 50_000
"""From so many on, they are counted in millions; one digit says nothing of fewer."""


def parameters_in_words(number: int) -> str:
    """``22.7 M parameters``; of a small model, how many there are."""
    count = f"{number / 1e6:,.1f} M" if number >= _MILLIONS else f"{number:,}"
    return f"{count} parameter{'' if number == 1 else 's'}"
