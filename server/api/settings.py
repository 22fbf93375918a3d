"""The switches that people turn while it runs."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel, ConfigDict, Field, RootModel, StrictBool, create_model
from sqlalchemy.orm import Session

from server import clock
from server.api.auth import caller
from server.api.frame import needs, resource, services, show
from server.api.once import once
from server.operations.turn_switch import turn
from server.switches import service

api = resource("settings", "Settings")

SettingsShown: type[BaseModel] = create_model(
    "SettingsShown",
    __doc__="Every switch as it is now.",
    **{  # type: ignore[call-overload]
        name: (bool, Field(description=definition.help)) for name, definition in service.DEFINITIONS.items()
    },
)


class SettingsChange(RootModel[dict[str, StrictBool]]):
    """Switches to turn, by name."""

    model_config = ConfigDict(json_schema_extra={"example": {"allocate_on_stock_in": True}})


@api.get("/settings", responses={200: SettingsShown})
@needs("read")
def get_settings() -> Response:
    """Every switch as it is now."""
    with services().db.read() as session:
        return show(SettingsShown(**service.switches(session)))


@api.patch("/settings", responses={200: SettingsShown})
@needs("settings.write")
def change_settings(body: SettingsChange) -> Response:
    """Turn switches; all of those named or none.

    The inventory features are not turned while orders are in process; the refusal names them (PSH-13).
    """
    by, at = caller().name, clock.now()

    def change(session: Session) -> BaseModel:
        for name, value in body.root.items():
            turn(session, name, value, by=by, at=at)
        return SettingsShown(**service.switches(session))

    return once(change)
