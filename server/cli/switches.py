"""setting list|turn: the switches that people turn while it runs."""

from __future__ import annotations

import enum
from typing import Annotated

import typer

from server import clock
from server.cli.opening import actor, database
from server.cli.output import AsJson, say, table
from server.operations.turn_switch import turn as turn_switch
from server.switches import service

group = typer.Typer(help="Settings that are on or off.", no_args_is_help=True)


class Position(enum.StrEnum):
    """How a switch stands."""

    ON = "on"
    OFF = "off"


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="setting")


@group.command("list")
def list_settings(as_json: AsJson = False) -> None:
    """Every setting as it is now."""
    with database() as found, found.db.read() as session:
        now = service.switches(session)
    rows = [{"name": name, "on": now[name], "help": one.help} for name, one in service.DEFINITIONS.items()]
    table(rows, as_json=as_json)


@group.command()
def turn(name: Annotated[str, typer.Argument(help="A name of `setting list`.")], position: Position) -> None:
    """Turn a setting on or off; refused where something forbids it, which is named."""
    on = position is Position.ON
    with database() as found:
        turned = found.db.write(lambda session: turn_switch(session, name, on, by=actor(), at=clock.now()))
    say(f"{name} {'was' if turned.before == turned.after else 'is now'} {position}")
