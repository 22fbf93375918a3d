"""Installs the add-in into Excel's start-up folder for one person, says how it stands, and takes all of it away again.

Copying it there also spares people the mark of the web: a downloaded .xlam has its macros blocked, one that an
installer writes has not.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import xlwings

from addin.client.errors import NotSignedIn
from addin.desktop import config
from addin.desktop.build import FILE_NAME, NAME, build

_ROOT = Path(__file__).parents[2]


class InstallError(Exception):
    """Something stands in the way; the text says what to do."""


@dataclass(frozen=True)
class Machine:
    """Where Excel and xlwings look for things on this system. Windows and macOS only."""

    system: str = sys.platform
    home: Path = field(default_factory=Path.home)
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    python: str = sys.executable

    @property
    def is_mac(self) -> bool:
        """macOS."""
        return self.system == "darwin"

    def check(self) -> None:
        """Raise `InstallError` where there is no Excel that xlwings could talk to."""
        if self.system not in ("win32", "darwin"):
            raise InstallError(
                "the desktop add-in is for Excel on Windows and macOS; elsewhere use the Office add-in or the console"
            )

    @property
    def start_up(self) -> Path:
        """The folder whose add-ins Excel opens when it starts."""
        if self.is_mac:
            group = self.home / "Library" / "Group Containers" / "UBF8T346G9.Office"
            return group / "User Content.localized" / "Startup.localized" / "Excel"
        roaming = Path(self.environ.get("APPDATA") or self.home / "AppData" / "Roaming")
        return roaming / "Microsoft" / "Excel" / "XLSTART"

    @property
    def settings(self) -> Path:
        """The file in which the add-in's VBA looks for the Python to start."""
        if self.is_mac:
            return self.home / "Library" / "Containers" / "com.microsoft.Excel" / "Data" / f"{NAME}.conf"
        profile = Path(self.environ.get("USERPROFILE") or self.home)
        return profile / f".{NAME}" / f"{NAME}.conf"

    @property
    def script(self) -> Path | None:
        """macOS: the AppleScript by which Excel's sandbox lets VBA start a program."""
        if not self.is_mac:
            return None
        scripts = self.home / "Library" / "Application Scripts" / "com.microsoft.Excel"
        return scripts / f"xlwings-{xlwings.__version__}.applescript"


def install(machine: Machine, *, server: str | None = None) -> list[str]:
    """Build the add-in, put it in place, write its settings; gives what was done, line by line. Repeatable.

    Raises `InstallError`, and `config.WrongServer` for an address that is none.
    """
    machine.check()
    address = None if server is None else config.tidy_address(server)
    target = machine.start_up / FILE_NAME
    done = []
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        build(target)
        done.append(f"add-in: {target}")
        _write(machine.settings, settings_text(machine))
        done.append(f"settings: {machine.settings}")
        if machine.script is not None and not machine.script.exists():
            machine.script.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(xlwings.__file__).parent / machine.script.name, machine.script)
            config.change(script=str(machine.script))  # ours to take away again
            done.append(f"script: {machine.script}")
    except PermissionError as error:
        raise InstallError(f"{error.filename} can't be written: quit Excel and try again") from error
    if address is not None:
        config.change(server=address)
    return [
        *done,
        f"server: {config.server()}",
        "Start Excel anew: there is a tab called Stockbook. Press Sign in there.",
    ]


def settings_text(machine: Machine) -> str:
    """The lines that xlwings reads: which Python, and where this package is."""
    interpreter = "INTERPRETER_MAC" if machine.is_mac else "INTERPRETER_WIN"
    lines = {interpreter: machine.python, "PYTHONPATH": str(_ROOT), "ADD_WORKBOOK_TO_PYTHONPATH": "false"}
    return "".join(f'"{name}","{value}"\n' for name, value in lines.items())


def remove(machine: Machine) -> list[str]:
    """Take everything away that `install` and Sign in left; gives what was done. Raises `InstallError`."""
    machine.check()
    ours = config.read().get("script")
    paths = [machine.start_up / FILE_NAME, machine.settings, *([Path(ours)] if ours else [])]
    done = []
    for path in paths:
        try:
            path.unlink()
            done.append(f"removed: {path}")
        except FileNotFoundError:
            continue
        except PermissionError as error:
            raise InstallError(f"{path} can't be removed: quit Excel and try again") from error
    if not machine.is_mac and machine.settings.parent.is_dir() and not any(machine.settings.parent.iterdir()):
        machine.settings.parent.rmdir()
    if config.forget_token(config.server()):
        done.append(f"forgotten: the access token for {config.server()}")
    shutil.rmtree(config.folder() / "presses", ignore_errors=True)
    for name in ("addin.json", "addin.log"):
        (config.folder() / name).unlink(missing_ok=True)
    return done or ["nothing was installed"]


def status(machine: Machine) -> tuple[list[str], bool]:
    """How it stands, line by line, and whether all is in order."""
    machine.check()
    target = machine.start_up / FILE_NAME
    lines, good = [], True
    if not target.is_file():
        lines, good = [f"add-in: not installed ({target})"], False
    elif _digest(target) != _digest_of_fresh(target):
        lines, good = [f"add-in: out of date, install it again ({target})"], False
    else:
        lines.append(f"add-in: {target}, for xlwings {xlwings.__version__}")
    if not machine.settings.is_file() or machine.settings.read_text(encoding="utf-8") != settings_text(machine):
        lines.append(f"settings: missing or for another Python, install it again ({machine.settings})")
        good = False
    else:
        lines.append(f"settings: {machine.settings}, Python {machine.python}")
    if machine.script is not None and not machine.script.is_file():
        lines.append(f"script: missing, install it again ({machine.script})")
        good = False
    return [*lines, f"server: {config.server()}", _signed_in()], good


def _signed_in() -> str:
    try:
        config.token(config.server())
    except (config.NoPasswordStore, NotSignedIn) as problem:
        return f"signed in: no. {problem}"
    return "signed in: yes"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digest_of_fresh(beside: Path) -> str:
    """What the add-in would be if it were built now: the same sources give the same bytes."""
    fresh = config.folder() / f"{beside.stem}.fresh.xlam"
    fresh.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _digest(build(fresh))
    finally:
        fresh.unlink(missing_ok=True)
