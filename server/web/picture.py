"""Why a listing shows what it shows, as a picture: warehouses at the top, the arithmetic below, the store at the foot.

Pure: an explanation in, boxes and arrows out; the template only writes them down. The words are the explanation's.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.push.explaining import Explanation, WarehousePart

#: In the picture's own units; a phone shows it one to one.
WIDTH, MARGIN, GAP = 340, 2, 26
_LINE, _PAD, _BETWEEN = 18, 10, 10
_LETTERS_WIDE, _LETTERS_HALF = 44, 21
_MOST_PARTS = 6


@dataclass(frozen=True)
class Box:
    """A box and what stands in it, a line each; the first is its heading. `kind` decides its colours."""

    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]
    kind: str

    @property
    def middle(self) -> float:
        """Across."""
        return self.x + self.width / 2

    @property
    def foot(self) -> float:
        """Where it ends."""
        return self.y + self.height

    def placed(self) -> Iterator[tuple[float, str]]:
        """Each line with the height at which it is written."""
        for number, line in enumerate(self.lines):
            yield self.y + _PAD + _LINE * number + 13, line


@dataclass(frozen=True)
class Arrow:
    """From one box down to the next."""

    x: float
    y: float
    to_x: float
    to_y: float


@dataclass(frozen=True)
class Picture:
    """All of it, and the same in one sentence for whoever can't see it."""

    height: float
    boxes: Sequence[Box]
    arrows: Sequence[Arrow]
    said: str


def draw(found: Explanation) -> Picture:
    """The picture of an explanation."""
    tops = _warehouses(found.warehouses)
    boxes, arrows, below = list(tops), [], [*tops]
    y = max((box.foot for box in tops), default=MARGIN - GAP)
    for kind, lines in _chain(found):
        box = _wide(y + GAP, lines, kind)
        arrows += [Arrow(above.middle, above.foot, box.middle, box.y) for above in below]
        boxes.append(box)
        below, y = [box], box.foot
    return Picture(y + MARGIN, boxes, arrows, ". ".join(found.steps))


def _warehouses(parts: Sequence[WarehousePart]) -> list[Box]:
    """One beside another, two in a row; what is beyond the sixth is told in one box."""
    shown = parts if len(parts) <= _MOST_PARTS else parts[: _MOST_PARTS - 1]
    texts = [_lines_of(part) for part in shown]
    if len(shown) < len(parts):
        rest = parts[len(shown) :]
        texts.append((f"{len(rest)} more", f"counted {sum(part.counted for part in rest)}"))
    width = WIDTH - 2 * MARGIN if len(texts) == 1 else (WIDTH - 2 * MARGIN - _BETWEEN) / 2
    boxes: list[Box] = []
    y: float = MARGIN
    for first in range(0, len(texts), 2):
        row = texts[first : first + 2]
        height = 2 * _PAD + _LINE * max(len(lines) for lines in row)
        boxes += [Box(MARGIN + at * (width + _BETWEEN), y, width, height, row[at], "source") for at in range(len(row))]
        y += height + _BETWEEN
    return boxes


def _lines_of(part: WarehousePart) -> tuple[str, ...]:
    lines = [_cut(part.warehouse), f"available {part.available}"]
    if part.held_back:
        lines += [f"held back {part.held_back}", f"counted {part.counted}"]
    lines += [_cut(f"{each['quantity']} × {each['sku']}: {each['counted']}") for each in part.components]
    return tuple(lines)


def _chain(found: Explanation) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The steps of the arithmetic, then the target, then what the store was told."""
    last = f"target: {found.target}"
    sums = [step for step in found.steps if step != last]
    told_by = found.steps.index(last) if last in found.steps else len(found.steps)
    for number, step in enumerate(sums):
        if number < told_by:
            yield "step", _wrapped(step)
    if found.target is not None:
        yield "target", (f"{found.target}", "is what it should show")
    yield "store", (_cut(f"{found.store}: {found.store_sku}", _LETTERS_WIDE), *_told(found, sums[told_by:]))


def _told(found: Explanation, steps: Sequence[str]) -> Iterator[str]:
    for step in steps:
        yield from _wrapped(step)
    if not steps:
        quantity = found.told.quantity
        yield "was never told anything" if quantity is None else f"last told {quantity}"


def _wrapped(text: str) -> tuple[str, ...]:
    return tuple(textwrap.wrap(text, _LETTERS_WIDE)) or ("",)


def _cut(text: str, letters: int = _LETTERS_HALF) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"


def _wide(y: float, lines: tuple[str, ...], kind: str) -> Box:
    return Box(MARGIN, y, WIDTH - 2 * MARGIN, 2 * _PAD + _LINE * len(lines), lines, kind)
