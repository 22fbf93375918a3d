"""What is done with many SKUs at once: variants (CAT-7), labels (CAT-14), health (CAT-2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Annotated, Literal

from flask import Response
from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy.orm import Session

from server import clock
from server.api.auth import caller
from server.api.frame import Body, a_file, needs, resource, services, show
from server.api.once import once
from server.api.paging import Page, Paging, cut
from server.api.skus import Attributes, SkuWarning, without_separators
from server.catalog import hygiene, queries
from server.catalog.label_sheets import SHEETS, sheet_named
from server.catalog.labels import Barcode, labels_of, labels_pdf
from server.catalog.variants import variants
from server.db.base import fold
from server.uploads.sku_cells import create_variants

api = resource("sku_tools", "Merchant SKUs")

PDF = "application/pdf"


def _keepable(attributes: dict[str, list[str]]) -> dict[str, list[str]]:
    """What a SKU's own attributes refuse, refused before there are variants of it."""
    for name, values in attributes.items():
        for value in values:
            without_separators({name: value})
    return attributes


class VariantsWanted(Body):
    """A parent SKU and lists of values: every combination of them is a variant."""

    parent: str
    title: str = Field("", description="The product's title; each variant adds its values.")
    attributes: Annotated[dict[str, list[str]], AfterValidator(_keepable)] = Field(
        description="size, colour, or any name; at least one value each."
    )
    codes: dict[str, str] = Field({}, description="Short codes for values where the made ones won't do.")
    mode: Literal["preview", "create"] = "preview"
    skip_existing: bool = Field(False, description="Leave variants that exist already alone.")


class VariantShown(BaseModel):
    """A variant, made or to be."""

    sku: str
    title: str
    size: str
    colour: str
    attributes: Attributes
    exists: bool


class VariantsShown(BaseModel):
    """All variants in order, and how many were made."""

    items: list[VariantShown]
    created: int


class LabelWanted(Body):
    """A SKU and how many labels of it."""

    sku: str
    copies: Annotated[int, Field(ge=1, le=5000)] = 1


class LabelLook(BaseModel):
    """How labels look."""

    sheet: str = Field("L7160", description=f"One of {', '.join(SHEETS)}.")
    barcode: Barcode = Field(Barcode.BARS, description="bars: EAN-13 for a GTIN that is one, else Code 128.")
    of: Literal["gtin", "sku"] = Field("gtin", description="What the barcode holds; the SKU where there is no GTIN.")
    start: int = Field(1, ge=1, description="The first free label of the first page.")


class LabelsOfSkus(LabelLook):
    """Labels of some SKUs, as many of each."""

    sku: list[str] = Field(min_length=1, max_length=1000)
    copies: int = Field(1, ge=1, le=5000)


class LabelsWanted(LabelLook, Body):
    """Labels of some SKUs, each with its own number of copies."""

    items: list[LabelWanted] = Field(min_length=1, max_length=5000)


class HealthShown(BaseModel):
    """A SKU and what is awkward about it."""

    id: int
    sku: str
    title: str
    warnings: list[SkuWarning]


class HealthFilter(Paging):
    """Which warnings."""

    code: str | None = Field(None, description="Only SKUs with this warning.")


class LabelSheetShown(BaseModel):
    """A label sheet or roll; measures in millimetres."""

    id: str
    title: str
    labels_per_page: int
    label_width: float
    label_height: float


class LabelSheets(BaseModel):
    """All sheets and rolls."""

    items: list[LabelSheetShown]
    next: None = None


@api.post("/skus/variants", responses={200: VariantsShown})
@needs("records.write")
def make_variants(body: VariantsWanted) -> Response:
    """The variants of a parent: shown, or made."""
    by, at = caller().name, clock.now()
    made = variants(body.parent, body.attributes, title=body.title, codes=body.codes)

    def work(session: Session) -> VariantsShown:
        known = queries.find_ids(session, [sku.code for sku in made])
        new = [sku for sku in made if fold(sku.code) not in known]
        wanted = [] if body.mode == "preview" else new if body.skip_existing else made
        create_variants(session, wanted, by=by, at=at)
        items = [
            VariantShown(
                sku=sku.code,
                title=sku.title,
                size=sku.size,
                colour=sku.colour,
                attributes=dict(sku.attributes),
                exists=fold(sku.code) in known,
            )
            for sku in made
        ]
        return VariantsShown(items=items, created=len(wanted))

    return once(work)


@api.get("/skus/labels.pdf", responses={200: a_file(PDF)})
@needs("read")
def get_labels(query: LabelsOfSkus) -> Response:
    """Labels as PDF: the same number of each SKU."""
    return _labels([(sku, query.copies) for sku in query.sku], query)


@api.post("/skus/labels.pdf", responses={200: a_file(PDF)})
@needs("read")
def print_labels(body: LabelsWanted) -> Response:
    """Labels as PDF: a number for each SKU. Changes nothing."""
    return _labels([(item.sku, item.copies) for item in body.items], body)


@api.get("/skus/label-sheets", responses={200: LabelSheets})
@needs("read")
def list_label_sheets() -> Response:
    """The sheets and rolls that labels can be printed on."""
    return show(
        LabelSheets(
            items=[
                LabelSheetShown(
                    id=sheet.id,
                    title=sheet.title,
                    labels_per_page=sheet.per_page,
                    label_width=round(sheet.label[0], 1),
                    label_height=round(sheet.label[1], 1),
                )
                for sheet in SHEETS.values()
            ]
        )
    )


@api.get("/skus/health", responses={200: Page[HealthShown]})
@needs("read")
def sku_health(query: HealthFilter) -> Response:
    """SKUs with a warning, by id. Warnings never block anything."""
    with services().db.read() as session:
        found = hygiene.health(session, after=query.after or 0)
        wanted = (one for one in found if query.code is None or query.code in {hint.code for hint in one.hints})
        shown = list(islice(wanted, query.limit + 1))
    return show(cut(shown, query, _health_shown))


def _health_shown(one: hygiene.SkuHealth) -> HealthShown:
    return HealthShown(id=one.id, sku=one.code, title=one.title, warnings=_warnings(one.hints))


def _warnings(hints: Sequence[hygiene.Hint]) -> list[SkuWarning]:
    place: Mapping[str, str] = {"title-elsewhere": "title"}
    return [SkuWarning(place=place.get(hint.code, "sku"), code=hint.code, text=hint.text) for hint in hints]


def _labels(copies: Sequence[tuple[str, int]], look: LabelLook) -> Response:
    sheet = sheet_named(look.sheet)
    with services().db.read() as session:
        labels = labels_of(session, copies, of_gtin=look.of == "gtin")
    content = labels_pdf(labels, sheet, barcode=look.barcode, start=look.start)
    return Response(content, content_type=PDF, headers={"Content-Disposition": 'attachment; filename="labels.pdf"'})
