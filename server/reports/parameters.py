"""The parameters that reports share, and what was given for them -> what a report is made for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.base import fold
from server.errors import NotFound, WrongUse
from server.moments import moment
from server.orders.lists import LISTS
from server.orders.states import State
from server.places.models import Warehouse
from server.reports.describing import Asked, Parameter, Report, Takes
from server.settings import Settings
from server.stores.models import Store

SALES_DAYS = 30

SINCE = Parameter(
    "since",
    "From",
    "From this day or moment on; else as far back as the server shows history (730 days unless set).",
    Takes.MOMENT,
    days=0,
)
RECENT = Parameter(
    "since", "From", f"From this day or moment on; else {SALES_DAYS} days.", Takes.MOMENT, days=SALES_DAYS
)
UNTIL = Parameter("until", "Until", "Up to this moment, or the end of this day.", Takes.MOMENT, end_of_day=True)
AS_OF = Parameter(
    "as_of", "As of", "As of this past moment, or the end of this day; else now.", Takes.MOMENT, end_of_day=True
)
WAREHOUSE = Parameter("warehouse", "Warehouse", "Only this warehouse, by its code.", Takes.WAREHOUSE)
STORE = Parameter("store", "Store", "Only this store, by its name.", Takes.STORE)
SKU = Parameter("sku", "SKU", "Only this merchant SKU.", Takes.SKU)
STATE = Parameter(
    "state",
    "Orders",
    "Only orders in this state, or on this list.",
    Takes.CHOICE,
    choices=(*(state.value for state in State), *LISTS),
)

_LONGEST = 200
_EVER = datetime.min.replace(tzinfo=UTC)
_ALL = "all"
_RECORDS: Mapping[Takes, tuple[type[Warehouse | Store | MerchantSku], str]] = {
    Takes.WAREHOUSE: (Warehouse, "warehouse"),
    Takes.STORE: (Store, "store"),
    Takes.SKU: (MerchantSku, "merchant SKU"),
}


def asked(
    session: Session,
    settings: Settings,
    report: Report,
    given: Mapping[str, str | None],
    *,
    by: str,
    at: datetime,
    address: str = "",
) -> Asked:
    """What `report` is made for.

    Raises `WrongUse` for a parameter it does not take or a value that can't be, `NotFound` for a warehouse, store or
    SKU that never was (deleted ones have a history).
    """
    known = {parameter.name: parameter for parameter in report.parameters}
    wanted = {name: value.strip() for name, value in given.items() if value is not None and value.strip()}
    for name in wanted:
        if name not in known:
            takes = ", ".join(known) or "no parameters"
            raise WrongUse(f"the report '{report.name}' does not take '{name[:60]}'; it takes {takes}", field=name[:60])
    values: dict[str, Any] = {}
    said: dict[str, str] = {}
    # The window of history ends where the report does, so `until` comes before the `since` that nobody gave.
    for parameter in sorted(report.parameters, key=lambda one: one.days is not None):
        end = values.get(UNTIL.name) or at
        value = wanted.get(parameter.name)
        values[parameter.name], said[parameter.title] = _resolve(session, settings, parameter, value, end)
    found = Asked(
        at,
        by,
        address,
        said=tuple((parameter.title, said[parameter.title]) for parameter in report.parameters),
        **values,
    )
    _refuse_backwards(found)
    return found


def _resolve(
    session: Session, settings: Settings, parameter: Parameter, given: str | None, end: datetime
) -> tuple[datetime | str | None, str]:
    """The value, and how it is told. `end`: the last moment that the report looks at."""
    if given is None:
        return _unless_given(settings, parameter, end)
    if parameter.takes is Takes.MOMENT:
        when = moment(given, end_of_day=parameter.end_of_day)
        return when, _told(when)
    if parameter.takes is Takes.CHOICE:
        if given not in parameter.choices:
            choices = ", ".join(parameter.choices)
            raise WrongUse(f"'{given[:60]}' is no {parameter.name}; there are {choices}", field=parameter.name)
        return given, given.replace("_", " ")
    model, word = _RECORDS[parameter.takes]
    key = fold(given[:_LONGEST])
    if session.scalar(select(model.id).where(model.key == key).limit(1)) is None:
        raise NotFound(f"there is no {word} '{given[:100]}'", field=parameter.name)
    return key, given


def _unless_given(settings: Settings, parameter: Parameter, end: datetime) -> tuple[datetime | None, str]:
    if parameter.days is not None:
        days = parameter.days or settings.history_days
        since = _EVER + max(end - _EVER - timedelta(days=days), timedelta())
        return since, f"{_told(since)} ({'1 day' if days == 1 else f'{days} days'})"
    return None, "now" if parameter.takes is Takes.MOMENT else _ALL


def _told(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"


def _refuse_backwards(found: Asked) -> None:
    if found.since is not None and found.until is not None and found.until < found.since:
        raise WrongUse(f"until {_told(found.until)} is before {_told(found.since)}", field="until")
