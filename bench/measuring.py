"""Times, medians, the peak memory of a process with its children, and what kind of machine this is."""

from __future__ import annotations

import os
import platform
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

_LOOK_EVERY_SECONDS = 0.02
MB = 1024 * 1024


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes, by the wall clock."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@dataclass(frozen=True)
class Pair:
    """What was measured and its floor, round by round, in seconds."""

    measured: Sequence[float]
    floor: Sequence[float]

    @property
    def seconds(self) -> float:
        """The median of what was measured."""
        return median(self.measured)

    @property
    def floor_seconds(self) -> float:
        """The median of the floor."""
        return median(self.floor)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: measured and floor of one round saw the same neighbours on the machine."""
        return median(one / other for one, other in zip(self.measured, self.floor, strict=True))


def in_turn(rounds: int, measured: Callable[[int], float], floor: Callable[[int], float]) -> Pair:
    """Measure both in turn, `rounds` times; each is told the round's number and gives its seconds."""
    pairs = [(floor(number), measured(number)) for number in range(rounds)]
    return Pair([pair[1] for pair in pairs], [pair[0] for pair in pairs])


class Peak:
    """The most memory that a process and all its children held at one moment, in bytes."""

    def __init__(self) -> None:
        self.bytes = 0

    @property
    def megabytes(self) -> int:
        """The same in whole MB."""
        return round(self.bytes / MB)


@contextmanager
def peak_memory(pid: int) -> Iterator[Peak]:
    """Watch the memory of process `pid` and its children within the block (Linux; 0 elsewhere).

    A page that several of them share counts once: a child that was just forked shares all of its parent's.
    """
    peak, done = Peak(), threading.Event()

    def watch() -> None:
        while not done.wait(_LOOK_EVERY_SECONDS):
            peak.bytes = max(peak.bytes, sum(map(held, family(pid))))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def held(pid: int) -> int:
    """Bytes of memory that a process holds, its part of shared pages only; 0 where that can't be told."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it ended while we looked
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def family(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for known in found:
        for task in Path(f"/proc/{known}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:  # it ended while we looked
                continue
    return found


def machine() -> str:
    """The machine's kind in one line: processor, cores, memory, versions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3 if hasattr(os, "sysconf") else 0
    parts = (
        f"{_processor()}, {cores} cores, {memory:.0f} GB",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
    )
    return "; ".join(parts)


def busy() -> str:
    """How many processes wanted a core lately, the bench's own among them: past the cores, seconds mean little."""
    if not hasattr(os, "getloadavg"):
        return "Load unknown"
    return f"Load of the last quarter of an hour: {os.getloadavg()[2]:.1f}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
