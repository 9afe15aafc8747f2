"""Names of columns without what may differ between two spellings of one name."""


def folded(name: str) -> str:
    """A name in small letters, without blanks around it; Turkish İ and ı are the letter i, as in SENTİMENT and ıd."""
    return name.strip().casefold().replace("i\u0307", "i").replace("ı", "i")
