"""Reports into a folder, by schedule (REP-2, JOB-1): which, where to, and for what is said by the job's settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any

from server import clock
from server.db.session import Database
from server.errors import Busy, NotFound, Refused, StockbookError, WrongUse
from server.reports.catalogue import REPORTS, report_named
from server.reports.making import file_name, make
from server.reports.writing import written_aside
from server.settings import Settings

#: The settings that are not parameters of reports.
NAMES, FOLDER, KEEP = "reports", "folder", "keep"
_MOST_KEPT = 100_000
#: What keeps one report from being made, and no other: a deleted warehouse it was to be of, a file open in Excel.
_UNMADE = (NotFound, WrongUse, Refused, Busy, OSError)
_STAMP = r"-\d{4}-\d{2}-\d{2}-\d{4}\.xlsx"


@dataclass(frozen=True)
class Order:
    """What is to be delivered, into which folder below the server's own for reports. `keep`: of each report, this many
    of the newest files stay; 0 keeps all."""

    names: Sequence[str]
    folder: PurePath
    keep: int
    given: Mapping[str, str]


@dataclass
class Delivered:
    """What was written, how many rows, how many old files went, and which reports could not be made, and why."""

    files: list[Path] = field(default_factory=list)
    rows: int = 0
    removed: int = 0
    failed: dict[str, str] = field(default_factory=dict)


def order_of(arguments: Mapping[str, Any]) -> Order:
    """The job's settings, checked: `reports` (names, or a text with commas), `folder` (below the reports folder),
    `keep`, and parameters, each for the reports that take it. Raises `WrongUse` or `NotFound` saying what is wrong.
    """
    names = _names(arguments.get(NAMES))
    given = {name: str(value) for name, value in arguments.items() if name not in (NAMES, FOLDER, KEEP)}
    known = {parameter.name for name in names for parameter in REPORTS[name].parameters}
    if strangers := sorted(set(given) - known):
        takes = ", ".join(sorted(known)) or "no parameters"
        raise WrongUse(f"none of these reports takes '{strangers[0][:60]}'; they take {takes}", field=strangers[0][:60])
    return Order(names, _folder(arguments.get(FOLDER)), _keep(arguments.get(KEEP)), given)


def deliver(
    db: Database,
    settings: Settings,
    order: Order,
    *,
    by: str,
    tell: Callable[[int, int, str], None] = lambda done, total, text: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Delivered:
    """Make every report of the order, as a file named by report and moment. One that can't be made holds back no other.

    A run that happens twice within a minute writes the same files again. Raises `Refused` where the folder can't be.
    """
    folder = settings.reports_folder / order.folder
    _prepare(folder)
    done, at = Delivered(), clock.now()
    for number, name in enumerate(order.names):
        if stopping():
            break
        path = folder / file_name(name, at)
        takes = {parameter.name for parameter in REPORTS[name].parameters}
        mine = {parameter: value for parameter, value in order.given.items() if parameter in takes}

        def count(rows: int, name: str = name, number: int = number) -> None:
            tell(number, len(order.names), f"{name}: {rows:,} rows")

        tell(number, len(order.names), name)
        try:
            with written_aside(path) as file:
                done.rows += make(db, settings, name, mine, file, by=by, tell=count)
        except _UNMADE as error:
            done.failed[name] = error.text if isinstance(error, StockbookError) else error.strerror or str(error)
            continue
        done.files.append(path)
        done.removed += _remove_old(folder, name, order.keep)
    return done


def _names(value: Any) -> list[str]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise WrongUse("say which reports: reports=[name, …]", field=NAMES)
    wanted = list(dict.fromkeys(name.strip() for name in names if name.strip()))
    if not wanted:
        raise WrongUse(f"say which reports: reports=[name, …]; there are {', '.join(REPORTS)}", field=NAMES)
    return [report_named(name).name for name in wanted]


def _folder(value: Any) -> PurePath:
    """Below the reports folder: who may change a job must not be able to write anywhere on the server."""
    if value is not None and not isinstance(value, str):
        raise WrongUse("the folder is a text", field=FOLDER)
    folder = PurePath((value or "").strip())
    if folder.is_absolute() or folder.drive or ".." in folder.parts or not str(folder).isprintable():
        raise WrongUse("the folder is one below the server's folder for reports (STOCKBOOK_REPORTS_DIR)", field=FOLDER)
    return folder


def _keep(value: Any) -> int:
    number = 0 if value is None else value
    if isinstance(number, str) and number.strip().isascii() and number.strip().isdigit():
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= _MOST_KEPT:
        raise WrongUse(f"keep is how many files of each report stay: 0 (all) to {_MOST_KEPT:,}", field=KEEP)
    return number


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"the folder for reports can't be made: {error.strerror or error}") from error


def _remove_old(folder: Path, name: str, keep: int) -> int:
    """Of this report's own files, all but the newest: their names sort by moment."""
    if not keep:
        return 0
    mine = sorted(path for path in folder.iterdir() if re.fullmatch(re.escape(name) + _STAMP, path.name))
    old = mine[:-keep]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
