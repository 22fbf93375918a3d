"""Figures, and the page they are written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench.measuring import Pair, busy, machine

RESULTS = Path(__file__).parent / "RESULTS.md"


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    rows: int = 50_000
    orders: int = 10_000
    skus: int = 10_000
    rounds: int = 3


#: For a look: too little to be quoted.
QUICK = Size(rows=5_000, orders=1_000, skus=2_000, rounds=2)


@dataclass(frozen=True)
class Figure:
    """One line: what, how much, against which floor, and the aim; `met` is None where there is no aim."""

    what: str
    figure: str
    floor: str = ""
    ratio: str = ""
    aim: str = ""
    met: bool | None = None


@dataclass
class Section:
    """One bench: what was done, and its figures."""

    title: str
    how: str
    figures: list[Figure] = field(default_factory=list)


def against_floor(what: str, pair: Pair, *, most: float, more: str = "") -> Figure:
    """A time with its floor; `most` is the ratio aimed at."""
    return Figure(
        what,
        f"{pair.seconds:.2f} s{more}",
        f"{pair.floor_seconds:.2f} s",
        f"{pair.ratio:.2f}",
        f"≤ {most:g}",
        pair.ratio <= most,
    )


def at_most(what: str, value: float, unit: str, most: float) -> Figure:
    """A figure with an upper bound of its own."""
    return Figure(what, f"{value:,.0f} {unit}", aim=f"≤ {most:,.0f} {unit}", met=value <= most)


def at_least(what: str, value: float, unit: str, least: float) -> Figure:
    """A figure with a lower bound of its own."""
    return Figure(what, f"{value:,.0f} {unit}", aim=f"≥ {least:,.0f} {unit}", met=value >= least)


def markdown(sections: Sequence[Section], size: Size) -> str:
    """The whole page."""
    head = (
        "# What it costs\n\n"
        "Written by `make bench`. Ratios are to a floor measured in turn with it in the same run, medians of "
        f"{size.rounds} rounds; they travel between machines, seconds do not.\n\n"
        f"{machine()}. {datetime.now(UTC):%Y-%m-%d}. {busy()}.\n"
    )
    return head + "".join(_section(section) for section in sections)


def _section(section: Section) -> str:
    rows = "".join(
        f"| {f.what} | {f.figure} | {f.floor} | {f.ratio} | {f.aim} | {_MET[f.met]} |\n" for f in section.figures
    )
    return (
        f"\n## {section.title}\n\n{section.how}\n\n"
        f"| what | figure | floor | ratio | aim | met |\n| --- | --- | --- | --- | --- | --- |\n{rows}"
    )


_MET = {True: "yes", False: "**no**", None: ""}
