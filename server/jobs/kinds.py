"""What a kind of job is: its function, its interval, and what a run of it gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from server.db.session import Database
from server.errors import NotFound
from server.settings import Settings

Counts = dict[str, int]


class Progress(Protocol):
    """Tell people how far a run is. Raises `LeaseLost` where another worker has taken the run over: then stop."""

    def __call__(self, done: int, total: int | None = None, text: str = "") -> None: ...


@dataclass(frozen=True)
class JobContext:
    """What a run gets. `stopping()` turns true when the server wants to stop: come to an end, the rest runs later."""

    db: Database
    settings: Settings
    arguments: Mapping[str, Any]
    by: str
    progress: Progress
    stopping: Callable[[], bool] = field(default=lambda: False)


JobFunction = Callable[[JobContext], Counts]
Check = Callable[[Mapping[str, Any]], object]


@dataclass(frozen=True)
class JobKind:
    """A kind of job. `alone`: never twice at the same time, and due times that pass meanwhile become one run. `check`
    raises for settings that can't be, so that whoever gives them is told at once and not by a run that failed.
    `of_records`: it has no job by itself, each record of its kind brings one along. `at_start`: due whenever a server
    starts, not only by its interval.

    A run may happen twice (killed after its effect, before its end was recorded), so functions must bear that.
    """

    kind: str
    title: str
    function: JobFunction
    every_seconds: int
    active: bool = True
    alone: bool = True
    check: Check | None = None
    of_records: bool = False
    at_start: bool = False


class Catalogue:
    """The kinds there are, by name."""

    def __init__(self) -> None:
        self._kinds: dict[str, JobKind] = {}

    def register(
        self,
        kind: str,
        title: str,
        function: JobFunction,
        *,
        default_every_seconds: int,
        default_active: bool = True,
        alone: bool = True,
        check: Check | None = None,
        of_records: bool = False,
        at_start: bool = False,
    ) -> None:
        """Add a kind. Its job appears in the database at the next start."""
        assert kind not in self._kinds, f"job kind {kind} is registered twice"
        assert default_every_seconds >= 1
        self._kinds[kind] = JobKind(
            kind, title, function, default_every_seconds, default_active, alone, check, of_records, at_start
        )

    def __getitem__(self, kind: str) -> JobKind:
        if kind not in self._kinds:
            raise NotFound(f"there is no kind of job '{kind}'")
        return self._kinds[kind]

    def __iter__(self) -> Iterator[JobKind]:
        return iter(self._kinds.values())

    def __contains__(self, kind: str) -> bool:
        return kind in self._kinds

    def check(self, kind: str, arguments: Mapping[str, Any]) -> None:
        """Raises what the kind raises for settings that can't be."""
        known = self._kinds.get(kind)
        if known is not None and known.check is not None:
            known.check(arguments)

    @property
    def at_start(self) -> list[str]:
        """The kinds that are due whenever a server starts."""
        return [kind.kind for kind in self if kind.at_start]

    @property
    def alone(self) -> list[str]:
        """The kinds that never run twice at the same time."""
        return [kind.kind for kind in self if kind.alone]
