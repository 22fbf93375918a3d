"""`python -m addin.desktop install|status|remove|sign-in|build`: the add-in's own command line."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

from addin.client.errors import AddinError
from addin.desktop import config, signing_in
from addin.desktop.build import FILE_NAME, build
from addin.desktop.install import InstallError, Machine, install, remove, status


def main(arguments: Sequence[str] | None = None, machine: Machine | None = None) -> int:
    """Do what the command line says; 0 done, 1 refused, 2 wrong use."""
    given = _parser().parse_args(arguments)
    here = machine or Machine()
    try:
        lines, good = _run(given, here)
    except (InstallError, AddinError) as error:
        print(f"{error}", file=sys.stderr)
        return 1
    print("\n".join(lines))
    return 0 if good else 1


def _run(given: argparse.Namespace, machine: Machine) -> tuple[list[str], bool]:
    if given.command == "install":
        return install(machine, server=given.server), True
    if given.command == "remove":
        return remove(machine), True
    if given.command == "status":
        return status(machine)
    if given.command == "sign-in":
        token = getpass.getpass("Access token (sb_…): ")
        return [signing_in.sign_in(given.server or config.server(), token.strip())], True
    target = Path(given.output)
    target.parent.mkdir(parents=True, exist_ok=True)
    return [f"built: {build(target)}"], True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m addin.desktop", description="The Stockbook tab in Excel.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in (
        ("install", "put it into Excel, for this person"),
        ("sign-in", "keep an access token without a window"),
    ):
        commands.add_parser(name, help=what).add_argument("--server", help="like https://stock.example.com")
    commands.add_parser("status", help="say whether all of it is in place")
    commands.add_parser("remove", help="take all of it away again")
    target = commands.add_parser("build", help="write the .xlam, to be handed out by an administrator")
    target.add_argument("-o", "--output", default=f"dist/{FILE_NAME}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
