#!/usr/bin/env python
"""Draw the demo corpora of images: src/ftk/demo/image-classification and image-text-classification.

Each picture is one of four signs, of another size, at another place and turned. The notes that go with them in the
second corpus are put together from the sentences below.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw

DEMO = Path(__file__).resolve().parents[1] / "src" / "ftk" / "demo"
SPLITS = {"train": 18, "validation": 6, "test": 6}
"""Pictures of each sign."""
SIDE, FINER = 32, 4

Draw = Callable[[ImageDraw.ImageDraw, float, int], None]


def disc(draw: ImageDraw.ImageDraw, radius: float, ink: int) -> None:
    """A filled circle."""
    draw.ellipse(box(radius), fill=ink)


def ring(draw: ImageDraw.ImageDraw, radius: float, ink: int) -> None:
    """A circle with a hole."""
    draw.ellipse(box(radius), outline=ink, width=round(0.3 * radius))


def square(draw: ImageDraw.ImageDraw, radius: float, ink: int) -> None:
    """A filled square."""
    draw.rectangle(box(0.85 * radius), fill=ink)


def cross(draw: ImageDraw.ImageDraw, radius: float, ink: int) -> None:
    """Two bars."""
    middle, half = SIDE * FINER / 2, 0.22 * radius
    draw.rectangle((middle - radius, middle - half, middle + radius, middle + half), fill=ink)
    draw.rectangle((middle - half, middle - radius, middle + half, middle + radius), fill=ink)


SIGNS: dict[str, tuple[Draw, str]] = {
    "disc": (disc, "round"),
    "ring": (ring, "round"),
    "square": (square, "straight"),
    "cross": (cross, "straight"),
}

GOODS = ("lamp oil", "dried figs", "copper wire", "school books", "window glass", "boots", "tea", "clay pipes", "rope")
PLACES = ("Harlow Quay", "the lower yard", "Pier Nine", "the customs shed", "Old Mill Lane", "the ferry landing")
ARRIVED = (
    "The crate of {goods} came in at {place} this morning.",
    "{goods} for us, unloaded at {place} and signed for.",
    "We have the {goods}; the cart brought them from {place} before noon.",
    "Received at {place}: one crate, {goods}, seal whole.",
    "At last the {goods} stand in {place}, dry and complete.",
    "The driver left {goods} at {place}; I counted them twice.",
    "All of the {goods} got through to {place}.",
    "Please collect your {goods}, they are waiting at {place}.",
)
MISSING = (
    "No sign of the crate of {goods}; nobody at {place} has seen it.",
    "We still wait for {goods} that should have been at {place} on Monday.",
    "The {goods} never reached {place}.",
    "Somewhere before {place} the {goods} were lost.",
    "{place} reports an empty cart where the {goods} should have been.",
    "Can you trace our {goods}? They are not at {place}.",
    "The list says {goods}, but the floor of {place} is bare.",
    "Two weeks late, and {place} knows nothing of the {goods}.",
)


def box(radius: float) -> tuple[float, float, float, float]:
    """The square around the middle of a picture."""
    middle = SIDE * FINER / 2
    return middle - radius, middle - radius, middle + radius, middle + radius


def picture(sign: Draw, chance: random.Random) -> Image.Image:
    """One sign in 16 shades of grey."""
    side = SIDE * FINER
    paper, ink = chance.randrange(190, 256), chance.randrange(0, 100)
    drawn = Image.new("L", (side, side), paper)
    sign(ImageDraw.Draw(drawn), chance.uniform(0.2, 0.34) * side, ink)
    drawn = drawn.rotate(chance.uniform(0, 90), Image.Resampling.BICUBIC, fillcolor=paper)
    moved = [chance.uniform(-0.14, 0.14) * side for _ in range(2)]
    drawn = drawn.transform(
        drawn.size, Image.Transform.AFFINE, (1, 0, moved[0], 0, 1, moved[1]), Image.Resampling.BILINEAR, fillcolor=paper
    )
    return drawn.resize((SIDE, SIDE), Image.Resampling.BOX).point(lambda value: round(value / 17) * 17)


def note(state: str, told: set[str], chance: random.Random) -> str:
    """A sentence that was not used before."""
    while True:
        frame = chance.choice(ARRIVED if state == "arrived" else MISSING)
        text = frame.format(goods=chance.choice(GOODS), place=chance.choice(PLACES))
        text = text[0].upper() + text[1:]
        if text not in told:
            told.add(text)
            return text


def main() -> None:
    """Write both corpora."""
    chance = random.Random(7)
    told: set[str] = set()
    folder = DEMO / "image-classification" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    (DEMO / "image-text-classification").mkdir(exist_ok=True)
    for split, number in SPLITS.items():
        rows, pairs = [], []
        for place in range(number):
            for name, (sign, family) in SIGNS.items():
                file = f"{split}-{name}-{place + 1:02}.png"
                picture(sign, chance).save(folder / file, optimize=True, bits=4)
                rows.append({"image": f"images/{file}", "label": name})
                state = ("arrived", "missing")[place % 2]
                label = f"{family} {state}"
                where = f"../image-classification/images/{file}"
                pairs.append({"image": where, "text": note(state, told, chance), "label": label})
        for corpus, lines in (("image-classification", rows), ("image-text-classification", pairs)):
            text = "".join(json.dumps(line) + "\n" for line in lines)
            (DEMO / corpus / f"{split}.jsonl").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
