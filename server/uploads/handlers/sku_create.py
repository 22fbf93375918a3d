"""SKU create: new merchant SKUs (CAT-1 to CAT-5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any, ClassVar

from sqlalchemy.orm import Session

from server.catalog import hygiene, queries, service
from server.catalog.errors import GtinsTaken, SkusExist, SkusInUse, UnknownSkus, WrongSku
from server.catalog.hygiene import Subject
from server.catalog.records import EMPTY, NewSku
from server.db.base import fold
from server.errors import Refused
from server.operations.delete_sku import delete_skus
from server.uploads.handlers.protocol import CannotUndo, Context, CurrentRow, Step
from server.uploads.handlers.sku_values import canonical, gtin_findings
from server.uploads.plan import Plan, plan_new
from server.uploads.rows import Rows
from validators.messages import Finding
from validators.registry import WORKBOOKS
from validators.workbooks import Workbook

#: The fields of a single, in their order.
_FIELDS = tuple(field.name for field in fields(NewSku) if field.name not in ("kind", "own_stock"))


class SkuCreate:
    """Each row is one SKU that is not there yet."""

    workbook: ClassVar[Workbook] = WORKBOOKS["sku_create"]

    def plan(self, session: Session, rows: Rows) -> Plan:
        """What each row sets; refused where the SKU or a GTIN is taken, with the hygiene warnings that need the
        other SKUs."""
        rows = canonical(session, rows)
        plan = plan_new(rows)
        known = queries.find_ids(session, rows.values["sku"])
        for number, code in zip(rows.numbers, rows.values["sku"], strict=True):
            if fold(code) in known:
                plan.findings.append(Finding("exists", number, "sku", {"value": code}))
        plan.findings += gtin_findings(session, rows, [None] * len(rows))
        plan.findings += hygiene_findings(session, rows)
        return plan

    def apply(self, session: Session, plan: Plan, context: Context) -> Sequence[Step]:
        """Make them all. Raises `Refused` where a rival made one of them in between."""
        try:
            ids = service.create(session, new_skus(plan.rows), by=context.by, at=context.at)
        except (SkusExist, GtinsTaken, WrongSku) as taken:
            raise Refused(taken.text, errors=taken.errors) from taken
        return [{"sku": sku_id} for sku_id in ids]

    def undo(self, session: Session, steps: Sequence[Step], context: Context) -> None:
        """Delete them again, unless one is in use."""
        unmake(session, [step["sku"] for step in steps], context)

    def current(self, session: Session, *, warehouse_id: int | None = None) -> Iterable[CurrentRow]:
        """New SKUs have no current data."""
        return ()


def new_skus(rows: Rows) -> list[NewSku]:
    """The SKUs of checked rows, in order."""
    return list(map(NewSku, *(_field(rows, name) for name in _FIELDS)))


def _field(rows: Rows, name: str) -> Sequence[Any]:
    """One field of every SKU, with what stands for "empty" where there is no value."""
    if name == "default_warehouse_id":
        return rows.ids["default_warehouse"]
    values = rows.values["sku" if name == "code" else name]
    if None not in values:
        return values
    empty = () if name == "gtins" else EMPTY[name]
    return [empty if value is None else value for value in values]


def hygiene_findings(session: Session, rows: Rows) -> list[Finding]:
    """CAT-2's warnings that need the other SKUs, each at the cell it is about. That a SKU is a GTIN or a model number
    of the sheet itself was seen before (`row_rules.sku_is_another_code`)."""
    columns = (rows.values[name] for name in ("sku", "title", "model_number"))
    subjects = [Subject(code, title or "", model or "") for code, title, model in zip(*columns, strict=True)]
    models = {fold(model) for model in rows.values["model_number"] if model}
    return [
        Finding(hint.code, number, "title" if hint.code == "title-elsewhere" else "sku", hint.facts)
        for number, subject, found in zip(rows.numbers, subjects, hygiene.hints(session, subjects), strict=True)
        for hint in found
        if hint.code != "sku-is-model" or fold(subject.code) not in models
    ]


def unmake(session: Session, sku_ids: Sequence[int], context: Context) -> None:
    """Delete SKUs that an upload made. Raises `CannotUndo` with every reason."""
    try:
        delete_skus(session, sku_ids, by=context.by, at=context.at)
    except UnknownSkus as gone:
        raise CannotUndo([f"{len(gone.codes)} of its SKUs were deleted since"]) from gone
    except SkusInUse as used:
        raise CannotUndo([f"'{code}': {'; '.join(why)}" for code, why in used.reasons.items()]) from used
