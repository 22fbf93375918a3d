"""`python -m tests.soak [NAME] [N] [STEPS] [--seed S] [-o FILE]`: the promises at full length; figures in one file.

Without a name all of them. A figure without its N is not a figure: each line has N, the seed, the database, the
machine and the date. Ends with 1 when a promise was broken.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from server.db.engine import open_engines
from server.db.migrating import upgrade
from tests.soak import crowd, faults, hostile, hot_sku, kills, machine, news, rush, twice
from tests.soak.trial import Figures, Place, Trial
from tests.support import postgres

TRIALS: dict[str, Trial] = {
    "kills": kills.TRIAL,
    "faults": faults.TRIAL,
    "hostile": hostile.TRIAL,
    "hot_sku": hot_sku.TRIAL,
    "rush": rush.TRIAL,
    "twice": twice.TRIAL,
    "news": news.TRIAL,
    "crowd": crowd.TRIAL,
    "crowd_two": crowd.TWO_SERVERS,
    "machine": machine.TRIAL,
}
DEFAULT_OUTPUT = Path("var/soak.txt")


def main() -> int:
    """Run what was asked for; write a line per trial and database."""
    wanted = _arguments()
    names = [wanted.name] if wanted.name else list(TRIALS)
    wanted.output.parent.mkdir(parents=True, exist_ok=True)
    broken = 0
    with ExitStack() as stack, wanted.output.open("a", encoding="utf-8") as output:
        _tell(output, f"\n{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine_words()}, seed {wanted.seed}")
        server = stack.enter_context(postgres.cluster()) if postgres.binaries() else None
        for name in names:
            for database in TRIALS[name].databases:
                if database == "postgresql" and server is None:
                    _tell(output, f"{name} on postgresql: left out, no PostgreSQL server on this machine")
                    continue
                broken += _run(name, wanted, server if database == "postgresql" else None, output)
    return min(broken, 1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("name", nargs="?", choices=sorted(TRIALS))
    parser.add_argument("n", nargs="?", type=int, help="how many; the trial's own full number unless given")
    parser.add_argument("steps", nargs="?", type=int, default=0, help="how long each is, for trials of steps")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, default=DEFAULT_OUTPUT)
    return parser.parse_args()


def _run(name: str, wanted: argparse.Namespace, server: str | None, output: object) -> int:
    trial = TRIALS[name]
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="stockbook-soak-") as folder, _database(server, Path(folder)) as url:
        place = Place(url, Path(folder) / "server", wanted.seed, wanted.steps)
        place.folder.mkdir()
        figures = trial.run(place, wanted.n or trial.full)
    broken = trial.broken(figures)
    verdict = f"BROKEN {', '.join(broken)}" if broken else "kept"
    database = "postgresql" if server else "sqlite"
    _tell(output, f"{name} on {database}: {verdict}; {time.perf_counter() - begun:.0f} s  ({trial.promise})")
    _tell(output, f"    {shown(figures)}")
    return len(broken)


def shown(figures: Figures) -> str:
    """Figures in one line."""
    return json.dumps(figures)[1:-1].replace('"', "")


def machine_words() -> str:
    """What it ran on, as far as figures depend on it."""
    parts = [f"{os.cpu_count()} CPUs", platform.machine(), platform.system(), f"Python {platform.python_version()}"]
    return ", ".join([*parts, f"SQLite {sqlite3.sqlite_version}"])


@contextmanager
def _database(server: str | None, folder: Path) -> Iterator[str]:
    if server is None:
        url = f"sqlite:///{folder / 'stockbook.db'}"
    else:
        name = f"soak_{time.monotonic_ns()}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        url = f"{server.replace('postgresql://', 'postgresql+psycopg://')}/{name}"
    engines = open_engines(url)
    upgrade(engines.write)
    engines.dispose()
    yield url


def _tell(output: object, line: str) -> None:
    for target in (sys.stdout, output):
        print(line, file=target, flush=True)  # type: ignore[call-overload]


if __name__ == "__main__":
    sys.exit(main())
