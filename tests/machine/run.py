"""Runs the machine over one kind of database: so many examples of so many steps, from a seed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from server.channels.http import HttpClient
from tests.machine.machine import Machine
from tests.machine.world import World
from tests.support.sandbox import market


@dataclass
class Ran:
    """How much was run."""

    examples: int = 0
    steps: int = 0


def run(url: str, folder: Path, *, examples: int, steps: int, number: int, ran: Ran | None = None) -> Ran:
    """Raises what the smallest run that breaks something raises, with its steps in a note.

    `url`: a migrated, unused database, of which every example gets a copy. `ran` is counted up as it goes.
    """
    ran = ran or Ran()
    with market(folder / "market.db") as sandbox, copies(url, folder) as copy, _no_waiting():
        first = World(url, sandbox, folder / "var")
        first.close()

        def found() -> World:
            ran.examples += 1
            return World(copy(), sandbox, folder / "var", admin=first.admin, number=ran.examples)

        def stepped() -> None:
            ran.steps += 1

        @seed(number)
        def make() -> Machine:
            return Machine(found, stepped)

        chosen = settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(make, settings=chosen)
    return ran


@contextmanager
def copies(url: str, folder: Path) -> Iterator[Callable[[], str]]:
    """Gives a copy of a database each time it is asked; the last one is gone by then."""
    if url.startswith("sqlite"):
        original = Path(url.removeprefix("sqlite:///"))

        def file() -> str:
            for left in folder.glob("example.db*"):
                left.unlink()
            shutil.copyfile(original, folder / "example.db")
            return f"sqlite:///{folder / 'example.db'}"

        yield file
        return
    server, _, template = url.replace("postgresql+psycopg", "postgresql").rpartition("/")
    name = f"{template}_example"

    def database() -> str:
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy".encode())
        return f"{url.rpartition('/')[0]}/{name}"

    yield database
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())


@contextmanager
def _no_waiting() -> Iterator[None]:
    """A market that does not answer is asked again at once: it will not answer then either."""
    defaults = HttpClient.__init__.__kwdefaults__
    before = defaults["sleep"]
    defaults["sleep"] = lambda _seconds: None
    try:
        yield
    finally:
        defaults["sleep"] = before
