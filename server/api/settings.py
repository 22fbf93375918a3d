"""The switches that people turn while it runs."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel, ConfigDict, Field, RootModel, StrictBool, create_model
from sqlalchemy.orm import Session

from server.access.audit import audit
from server.api.auth import caller
from server.api.frame import needs, resource, services, show
from server.api.once import once
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
    """Turn switches; all of those named or none."""
    by = caller().name

    def change(session: Session) -> BaseModel:
        for name, value in body.root.items():
            turned = service.turn(session, name, value, by=by)
            if turned.before != turned.after:
                audit(session, by, "setting.turn", name, before=turned.before, after=turned.after)
        return SettingsShown(**service.switches(session))

    return once(change)
