"""sku list|show|create|update|delete|variants|labels|health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from server import clock
from server.catalog import hygiene, queries, searching
from server.catalog.label_sheets import sheet_named
from server.catalog.labels import Barcode, labels_of, labels_pdf
from server.catalog.queries import SkuRecord
from server.catalog.variants import variants
from server.cli.opening import actor, database
from server.cli.output import AsJson, complain, record, say, table
from server.db.base import fold
from server.errors import WrongUse
from server.operations.delete_sku import delete_skus
from server.uploads.direct import Done, apply_rows
from server.uploads.handlers.sku_values import FIELDS, cells_of, warehouse_codes
from server.uploads.rows import plain
from server.uploads.sku_cells import apply_change, check_new, create_variants, find_sku, record_of

group = typer.Typer(help="Merchant SKUs, combinations among them.", no_args_is_help=True)

_NAMES = ", ".join(("title", *FIELDS[1:], "gtins", "default_warehouse"))
_SETTABLE = {*FIELDS, "gtins", "default_warehouse"}
Values = Annotated[list[str] | None, typer.Option("--set", help=f"A value, as name=value. Names: {_NAMES}.")]
Components = Annotated[
    list[str] | None, typer.Option("--component", help="A component as SKU=units; all of them are the recipe.")
]
OwnStock = Annotated[bool | None, typer.Option(help="Combinations: whether it also has stock of its own.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="sku")


@group.command("list")
def list_skus(
    search: Annotated[list[str] | None, typer.Option("--search", "-q", help="A name, fuzzily; up to 30.")] = None,
    parent: Annotated[str | None, typer.Option(help="The parent SKU that groups variants.")] = None,
    kind: Annotated[str | None, typer.Option(help="single or combination.")] = None,
    limit: Annotated[int, typer.Option(help="Most SKUs.", min=1)] = 1000,
    as_json: AsJson = False,
) -> None:
    """SKUs by number, or the best hits of a search."""
    if kind not in (None, "single", "combination"):
        raise WrongUse(f"'{kind}' is neither single nor combination")
    with database() as found, found.db.read() as session:
        if search:
            rows = _found(session, [name for text in search for name in searching.split_names(text)])
        else:
            skus = queries.page(session, limit=limit, kind=kind, parent=parent)
            rows = [{"id": sku.id, "sku": sku.code, "title": sku.title, "kind": sku.kind} for sku in skus]
    table(rows, as_json=as_json)


@group.command()
def show(sku: str, as_json: AsJson = False) -> None:
    """One SKU with every value."""
    with database() as found, found.db.read() as session:
        shown = _shown(session, record_of(session, find_sku(session, sku).id))
    record(shown, as_json=as_json)


@group.command()
def create(
    sku: str,
    title: Annotated[str, typer.Option(help="What people call it.")],
    values: Values = None,
    component: Components = None,
    own_stock: OwnStock = None,
    as_json: AsJson = False,
) -> None:
    """Make a SKU, or a combination where components are given."""
    given: dict[str, Any] = {"sku": sku, "title": title, **_values(values or [])}
    if own_stock is not None:
        given["own_stock"] = own_stock
    sheet = check_new(given, _recipe(component))
    by, at = actor(), clock.now()
    with database() as found:

        def work(session: Session) -> tuple[dict[str, Any], Done]:
            done = apply_rows(session, sheet, by=by, at=at)
            return _shown(session, record_of(session, find_sku(session, sku).id)), done

        shown, done = found.db.write(work)
    _warn(done)
    record(shown, as_json=as_json)


@group.command()
def update(
    sku: str,
    values: Values = None,
    clear: Annotated[list[str] | None, typer.Option(help="A value to empty.")] = None,
    component: Components = None,
    own_stock: OwnStock = None,
    as_json: AsJson = False,
) -> None:
    """Change values of a SKU; what is not named stays."""
    given = _values(values or []) | dict.fromkeys(_settable(clear or []))
    if own_stock is not None:
        given["own_stock"] = own_stock
    by, at = actor(), clock.now()
    with database() as found:

        def work(session: Session) -> tuple[dict[str, Any], Done]:
            sku_id = find_sku(session, sku).id
            done = apply_change(session, sku_id, given, _recipe(component), by=by, at=at)
            return _shown(session, record_of(session, sku_id)), done

        shown, done = found.db.write(work)
    _warn(done)
    record(shown, as_json=as_json)


@group.command()
def delete(skus: Annotated[list[str], typer.Argument(metavar="SKU...")]) -> None:
    """Delete SKUs that nothing uses any more, all of them or none."""
    by, at = actor(), clock.now()
    with database() as found:
        gone = found.db.write(lambda s: delete_skus(s, queries.require_ids(s, skus), by=by, at=at))
    say(f"{gone} deleted")


@group.command("variants")
def make_variants(
    parent: str,
    attribute: Annotated[list[str], typer.Option("--attribute", "-a", help="name=value,value,… ; give several.")],
    title: Annotated[str, typer.Option(help="The product's title; each variant adds its values.")] = "",
    code: Annotated[list[str] | None, typer.Option(help="A short code, as value=code.")] = None,
    make: Annotated[bool, typer.Option("--create", help="Make them; without it they are only shown.")] = False,
    as_json: AsJson = False,
) -> None:
    """Every combination of attribute values as a variant of PARENT; those that exist are left alone."""
    lists = {name: values.split(",") for name, values in map(_pair, attribute)}
    made = variants(parent, lists, title=title, codes=dict(map(_pair, code or [])))
    by, at = actor(), clock.now()
    with database() as found:

        def work(session: Session) -> dict[str, int]:
            known = queries.find_ids(session, [sku.code for sku in made])
            if make:
                create_variants(session, [sku for sku in made if fold(sku.code) not in known], by=by, at=at)
            return known

        known = found.db.write(work)
    new = "created" if make else "new"
    rows = [
        {"sku": sku.code, "title": sku.title, "state": "exists" if fold(sku.code) in known else new} for sku in made
    ]
    table(rows, as_json=as_json)


@group.command()
def labels(
    skus: Annotated[list[str], typer.Argument(metavar="SKU[=COPIES]...")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The PDF to write.")] = Path("labels.pdf"),
    sheet: Annotated[str, typer.Option(help="A label sheet or roll, like L7160, 5160, 50x30.")] = "L7160",
    barcode: Annotated[
        Barcode, typer.Option(help="bars: EAN-13 for a GTIN that is one, else Code 128.")
    ] = Barcode.BARS,
    of_sku: Annotated[bool, typer.Option("--of-sku", help="The barcode holds the SKU, also where a GTIN is.")] = False,
    start: Annotated[int, typer.Option(help="The first free label of the first page.", min=1)] = 1,
) -> None:
    """Product labels as PDF (CAT-14)."""
    wanted = [_copies(text) for text in skus]
    chosen = sheet_named(sheet)
    with database() as found, found.db.read() as session:
        made = labels_of(session, wanted, of_gtin=not of_sku)
    out.write_bytes(labels_pdf(made, chosen, barcode=barcode, start=start))
    say(f"{sum(label.copies for label in made)} labels in {out}")


@group.command()
def health(
    code: Annotated[str | None, typer.Option(help="Only SKUs with this warning.")] = None, as_json: AsJson = False
) -> None:
    """SKUs that are awkward: easily misread, mangled by Excel, doubled (CAT-2)."""
    with database() as found, found.db.read() as session:
        rows = [
            {"sku": one.code, "title": one.title, "code": hint.code, "warning": hint.text}
            for one in hygiene.health(session)
            for hint in one.hints
            if code is None or hint.code == code
        ]
    table(rows, as_json=as_json, columns=("sku", "title", "code", "warning"))


def _found(session: Session, names: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"name": found.name, "sku": hit.code, "title": hit.title, "score": hit.score}
        for found in searching.search(session, names)
        for hit in found.hits
    ]


def _shown(session: Session, found: SkuRecord) -> dict[str, Any]:
    sku = found.sku
    shown: dict[str, Any] = {"id": sku.id, "sku": sku.code, "kind": sku.kind}
    if found.components:
        shown |= {"own_stock": sku.own_stock, "components": {part.code: part.quantity for part in found.components}}
    return shown | {name: plain(value) for name, value in cells_of(sku, found.gtins, warehouse_codes(session)).items()}


def _values(pairs: Sequence[str]) -> dict[str, Any]:
    values: dict[str, Any] = dict(map(_pair, pairs))
    _settable(values)
    return values


def _settable(names: Sequence[str] | Mapping[str, Any]) -> Sequence[str] | Mapping[str, Any]:
    unknown = [name for name in names if name not in _SETTABLE]
    if unknown:
        raise WrongUse(f"a SKU has no {', '.join(unknown)}; there are {_NAMES}")
    return names


def _recipe(components: Sequence[str] | None) -> dict[str, int] | None:
    return None if components is None else dict(_copies(text) for text in components)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise WrongUse(f"'{text}' is not name=value")
    return name.strip(), value.strip()


def _copies(text: str) -> tuple[str, int]:
    """`A=3` is three of A, `A` is one."""
    name, equals, count = text.rpartition("=")
    if not equals:
        return text, 1
    if not (count.isascii() and count.isdigit() and len(count) < 9 and int(count)):
        raise WrongUse(f"'{text}' is not SKU=number")
    return name, int(count)


def _warn(done: Done) -> None:
    complain(*(f"warning: {finding.column}: {finding.text}" for finding in done.warnings))
