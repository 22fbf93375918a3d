"""Lists by cursor: `{"items": […], "next": …}`; `next` is given back as `after`, null at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Annotated, Any, Generic, Protocol, TypeVar

from pydantic import BaseModel, Field
from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute, Session

Row = TypeVar("Row")
Shown = TypeVar("Shown", bound=BaseModel)

MAX_LIMIT = 1000


class Numbered(Protocol):
    """A row with a record's number."""

    @property
    def id(self) -> int: ...


NumberedRow = TypeVar("NumberedRow", bound=Numbered)


class Paging(BaseModel):
    """Where a page starts and how long it is."""

    after: Annotated[int | None, Field(None, ge=0, le=2**63 - 1, description="`next` of the page before.")]
    limit: Annotated[int, Field(100, ge=1, le=MAX_LIMIT, description="Most items on this page.")]


class Page(BaseModel, Generic[Shown]):
    """A page of a list."""

    items: list[Shown]
    next: int | None = Field(None, description="Give it back as `after`; null at the end.")


def page(
    session: Session,
    rows: Select[Row],
    number: InstrumentedAttribute[int],
    paging: Paging,
    show: Callable[[Row], Shown],
    *,
    newest_first: bool = False,
) -> Page[Any]:
    """The page of `rows` (a select of one entity) after `paging.after`, in the order of `number`, its id."""
    shown = partial(map, show)
    return page_of(session, rows, number, paging, shown, newest_first=newest_first)


def page_of(
    session: Session,
    rows: Select[Row],
    number: InstrumentedAttribute[int],
    paging: Paging,
    show: Callable[[Sequence[Row]], Iterable[Shown]],
    *,
    newest_first: bool = False,
) -> Page[Any]:
    """The same for what is shown all at once: what belongs to the rows is then read in one go."""
    if paging.after is not None:
        rows = rows.where(number < paging.after if newest_first else number > paging.after)
    rows = rows.order_by(number.desc() if newest_first else number).limit(paging.limit + 1)
    found = list(session.scalars(rows).unique())
    shown = found[: paging.limit]
    last = getattr(shown[-1], number.key) if len(found) > paging.limit else None
    return Page(items=list(show(shown)), next=last)


def cut(found: Sequence[NumberedRow], paging: Paging, show: Callable[[NumberedRow], Shown]) -> Page[Any]:
    """The page out of `found`: rows a query gave in the order of their numbers, one more than the page holds."""
    shown = found[: paging.limit]
    return Page(items=[show(row) for row in shown], next=shown[-1].id if len(found) > paging.limit else None)
