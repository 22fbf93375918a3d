"""Templates: what there is to fill in, and the workbooks themselves."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from server.api.frame import a_file, needs, resource, services, show
from server.api.uploads import XLSX
from server.places import queries as places
from server.uploads import downloads
from server.uploads.current import current_rows
from validators.registry import WORKBOOKS

api = resource("templates", "Templates")


class ColumnShown(BaseModel):
    """A column: `name` is its key, `title` the header people see; input takes either."""

    name: str
    title: str
    type: str
    required: bool
    key: bool
    read_only: bool
    help: str
    example: str
    allowed: list[str]
    reference: str | None
    clearable: bool


class TemplateShown(BaseModel):
    """A workbook that can be handed in."""

    id: str
    title: str
    version: int
    summary: str
    with_data: bool = Field(description="Whether it can be downloaded with current data.")
    columns: list[ColumnShown]


class TemplateList(BaseModel):
    """All templates."""

    items: list[TemplateShown]
    next: int | None = None


class TemplateName(BaseModel):
    """A template's id."""

    template: str


class OfWarehouse(BaseModel):
    """Which warehouse's data."""

    warehouse: str | None = Field(None, max_length=64, description="A warehouse's code; all unless given.")


class Filled(OfWarehouse):
    """Whether current data is wanted, and of which warehouse."""

    with_data: bool = False


class RowsShown(BaseModel):
    """Current data as a table: each row has one value per column, the last one its version."""

    template: str
    version: int
    columns: list[str]
    rows: list[list[str | int | float | None]]


@api.get("/templates", responses={200: TemplateList})
@needs("read")
def list_templates() -> Response:
    """Every template with its columns."""
    items = [
        TemplateShown(
            id=workbook.id,
            title=workbook.title,
            version=workbook.version,
            summary=workbook.summary,
            with_data=workbook.with_data,
            columns=[ColumnShown(**column) for column in downloads.columns_of(workbook)],
        )
        for workbook in WORKBOOKS.values()
    ]
    return show(TemplateList(items=items))


@api.get("/templates/<string:template>.xlsx", responses={200: a_file(XLSX)})
@needs("read")
def get_template(path: TemplateName, query: Filled) -> Response:
    """The workbook, empty or with current data."""
    with services().db.read() as session:
        warehouse_id = _warehouse_id(session, query.warehouse)
        content = downloads.template_file(session, path.template, with_data=query.with_data, warehouse_id=warehouse_id)
    response = Response(content, content_type=XLSX)
    response.headers.set("Content-Disposition", "attachment", filename=f"{path.template}.xlsx")
    return response


@api.get("/templates/<string:template>/rows", responses={200: RowsShown})
@needs("read")
def get_rows(path: TemplateName, query: OfWarehouse) -> Response:
    """Current data, to be filled into a sheet that is open already."""
    with services().db.read() as session:
        found = current_rows(session, path.template, warehouse_id=_warehouse_id(session, query.warehouse))
    workbook = WORKBOOKS[path.template]
    return show(RowsShown(template=workbook.id, version=workbook.version, columns=found.columns, rows=found.rows))


def _warehouse_id(session: Session, code: str | None) -> int | None:
    return None if code is None else places.warehouse_named(session, code).id
