"""Charts as SVG. Their colours are classes, which the style sheet sets for light and for dark pages."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH, _HEIGHT = 420, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 14, 12, 40
_MOST_POINTS = 400
"""Points of a line; of more, the lowest and the highest of each stretch are drawn."""
COLOURS = 6
"""The number of colours that the style sheet has."""

Points = Sequence[tuple[float, float]]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """A line of a chart.

    Attributes:
        name: in the legend.
        points: x and y, in the order of x.
        marks: whether each point has a dot.
    """

    name: str
    points: Points
    marks: bool = False


def lines(
    title: str,
    series: Sequence[Series],
    *,
    x: str,
    y: str,
    x_range: Range | None = None,
    y_range: Range | None = None,
    diagonal: bool = False,
) -> Markup:
    """A chart of lines.

    Args:
        title: for readers who do not see it.
        series: the lines.
        x: what the horizontal axis shows.
        y: what the vertical axis shows.
        x_range: of the axis; by default that of the points.
        y_range: the same.
        diagonal: whether a thin line shows where both are equal.
    """
    frame = _Frame.around([point for one in series for point in one.points], x_range, y_range)
    parts = [*frame.axes(x, y)]
    if diagonal:
        parts.append(frame.diagonal())
    for number, one in enumerate(series):
        colour, points = f"c{number % COLOURS}", _thinned(one.points)
        path = " ".join(f"{frame.x(a):.1f},{frame.y(b):.1f}" for a, b in points)
        parts.append(Markup('<polyline class="line {}" points="{}"/>').format(colour, path))
        if one.marks or len(points) == 1:
            dots = points if len(points) <= 60 else []
            parts += [
                Markup('<circle class="dot {}" cx="{}" cy="{}" r="3"/>').format(colour, *frame.at(a, b))
                for a, b in dots
            ]
    return _svg(title, parts)


def columns(
    title: str,
    values: Sequence[float | None],
    names: Sequence[str],
    *,
    x: str,
    y: str,
    y_range: Range | None = None,
    diagonal: bool = False,
) -> Markup:
    """A chart of upright bars, one for each name; None is no bar.

    Args:
        title: for readers who do not see it.
        values: the heights.
        names: below the bars, as many of them as there is room for.
        x: what the bars stand for.
        y: what the heights are.
        y_range: of the axis; by default from 0 to the highest bar.
        diagonal: whether a thin line rises from corner to corner.
    """
    known = [value for value in values if value is not None]
    count = len(values)
    y_range = y_range or (min(0.0, *known, 0.0), max(*known, 0.0, 0.0) or 1.0)
    frame = _Frame((0.0, float(count)), y_range)
    every = max(1, math.ceil(sum(max(len(name), 3) * 6.5 + 6 for name in names) / frame.width))
    parts = [*frame.axes(x, y, x_ticks=[(at + 0.5, name) for at, name in enumerate(names) if at % every == 0])]
    for at, value in enumerate(values):
        if value is not None:
            top, bottom = sorted((frame.y(value), frame.y(max(y_range[0], 0.0))))
            box = (frame.x(at + 0.08), top, frame.x(at + 0.92) - frame.x(at + 0.08), max(bottom - top, 0.5))
            rounded = [f"{number:.1f}" for number in box]
            parts.append(Markup('<rect class="column" x="{}" y="{}" width="{}" height="{}"/>').format(*rounded))
    if diagonal:
        parts.append(frame.diagonal())
    return _svg(title, parts)


def dots(title: str, points: Points, *, x: str, y: str, diagonal: bool = False) -> Markup:
    """A chart of points.

    Args:
        title: for readers who do not see it.
        points: x and y.
        x: what the horizontal axis shows.
        y: what the vertical axis shows.
        diagonal: whether both axes are the same, and a thin line shows where x and y are equal.
    """
    both = _range([value for point in points for value in point]) if diagonal else None
    frame = _Frame.around(points, both, both)
    parts = [*frame.axes(x, y)]
    if diagonal:
        parts.append(frame.diagonal())
    parts += [Markup('<circle class="point" cx="{}" cy="{}" r="2.5"/>').format(*frame.at(a, b)) for a, b in points]
    return _svg(title, parts)


def bar(low: float | None, value: float, high: float | None) -> Markup:
    """A bar for a cell of a table, from 0 to 1, with the ends of an interval."""
    parts = [Markup('<rect class="track" width="100" height="10"/>')]
    parts.append(Markup('<rect class="column" width="{}" height="10"/>').format(f"{_percent(value):.1f}"))
    if low is not None and high is not None:
        left, right = f"{_percent(low):.1f}", f"{_percent(high):.1f}"
        path = f"M{left} 5H{right}M{left} 2V8M{right} 2V8"
        parts.append(Markup('<path class="whisker" d="{}"/>').format(path))
    inner = Markup("").join(parts)
    return Markup(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    ).format(inner)


def _percent(share: float) -> float:
    return min(max(share, 0.0), 1.0) * 100


@dataclass(frozen=True, slots=True)
class _Frame:
    """The axes of a chart, and where values lie between them."""

    across: Range
    up: Range

    @classmethod
    def around(cls, points: Points, x_range: Range | None, y_range: Range | None) -> _Frame:
        return cls(x_range or _range([a for a, _ in points], margin=0), y_range or _range([b for _, b in points]))

    @property
    def width(self) -> float:
        return _WIDTH - _LEFT - _RIGHT

    def x(self, value: float) -> float:
        low, high = self.across
        return _LEFT + self.width * (value - low) / ((high - low) or 1)

    def y(self, value: float) -> float:
        low, high = self.up
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * (value - low) / ((high - low) or 1)

    def at(self, x: float, y: float) -> tuple[str, str]:
        return f"{self.x(x):.1f}", f"{self.y(y):.1f}"

    def diagonal(self) -> Markup:
        (left, low), (right, high) = (self.across[0], self.up[0]), (self.across[1], self.up[1])
        place = (*self.at(left, low), *self.at(right, high))
        return Markup('<line class="diagonal" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(*place)

    def axes(self, x: str, y: str, x_ticks: Sequence[tuple[float, str]] | None = None) -> Iterator[Markup]:
        base, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
        for value in _ticks(*self.up):
            at = f"{self.y(value):.1f}"
            yield Markup('<line class="grid" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(_LEFT, at, right, at)
            yield _text(_LEFT - 6, self.y(value) + 4, short(value), "end")
        for value, name in x_ticks if x_ticks is not None else [(one, short(one)) for one in _ticks(*self.across)]:
            yield _text(self.x(value), base + 15, name, "middle")
        yield Markup('<line class="axis" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(_LEFT, base, right, base)
        yield _text((_LEFT + right) / 2, _HEIGHT - 6, x, "middle", "name")
        middle = f"{(_TOP + base) / 2:.0f}"
        yield Markup(
            '<text class="name" text-anchor="middle" transform="translate(11 {}) rotate(-90)">{}</text>'
        ).format(middle, y)


def _text(x: float, y: float, text: str, anchor: str, kind: str = "tick") -> Markup:
    place = (f"{x:.1f}", f"{y:.1f}")
    return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>').format(kind, *place, anchor, text)


def _svg(title: str, parts: Sequence[Markup]) -> Markup:
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, _HEIGHT, escape(title), Markup("").join(parts)
    )


def _range(values: Sequence[float], margin: float = 0.05) -> Range:
    """The lowest and the highest value, with some room."""
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    room = (high - low) * margin or abs(high) * 0.1 * bool(high == low) or (0.5 if high == low else 0.0)
    return low - room, high + room


def _ticks(low: float, high: float) -> list[float]:
    """Some five round numbers in a range."""
    if not high > low:
        return [low]
    raw = (high - low) / 6
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def short(value: float) -> str:
    """A number for a tick: 0.25, 1,000, 20k, 2e-05."""
    if abs(value) < 1e-12:
        return "0"
    if abs(value) >= 1e6:
        return f"{value / 1e6:.3g}M"
    if abs(value) >= 1e4:
        return f"{value / 1e3:.3g}k"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _thinned(points: Points) -> Points:
    if len(points) <= _MOST_POINTS:
        return points
    size = math.ceil(2 * len(points) / _MOST_POINTS)
    kept: list[tuple[float, float]] = []
    for begin in range(0, len(points), size):
        part = points[begin : begin + size]
        ends = {id(one): one for one in (min(part, key=lambda one: one[1]), max(part, key=lambda one: one[1]))}
        kept += sorted(ends.values())
    return kept
