"""Reports: what there is, and the workbooks themselves (REP-1, REP-2)."""

from __future__ import annotations

from datetime import datetime
from tempfile import TemporaryFile
from typing import Any

from flask import Response, request, send_file
from pydantic import BaseModel, Field, create_model

from server import clock
from server.api.auth import caller
from server.api.frame import a_file, needs, resource, services, show
from server.reports import catalogue, making
from server.reports.cells import number_format
from server.reports.control import content as control
from server.reports.describing import Parameter, Report

api = resource("reports", "Reports")

_LONGEST = 200


class ParameterShown(BaseModel):
    """What a report can be asked for, as `?name=`."""

    name: str
    title: str
    help: str
    takes: str
    choices: list[str]


class ReportShown(BaseModel):
    """A report."""

    name: str
    title: str
    what: str
    sheets: list[str]
    parameters: list[ParameterShown]


class ReportList(BaseModel):
    """All reports: there are few, so this is always one page."""

    items: list[ReportShown]
    next: None = None


class ReportName(BaseModel):
    """A report's name."""

    name: str = Field(max_length=60)


class OfVersion(BaseModel):
    """Which names the workbook has."""

    version: int | None = Field(None, ge=0, description="The workbook's `_report_version`.")


class NamedCellShown(BaseModel):
    """The cell of a defined name: its number format, and the value exactly as it goes into it."""

    name: str
    format: str
    value: str | int | float | None


class ColumnNamed(BaseModel):
    """A column of a table, by its header, and the number format of its cells."""

    title: str
    format: str


class NamedTableShown(BaseModel):
    """A table with all of its rows; there is always one."""

    name: str
    title: str
    columns: list[ColumnNamed]
    rows: list[list[str | int | float | None]]


class ControlShown(BaseModel):
    """What the control workbook says at a moment. `said`: what waits, in a sentence."""

    report: str
    version: int
    title: str
    at: datetime
    cells: list[NamedCellShown]
    tables: list[NamedTableShown]
    said: str


def _takers(parameter: Parameter) -> str:
    names = (
        name for name, report in catalogue.REPORTS.items() if parameter.name in {p.name for p in report.parameters}
    )
    return ", ".join(names)


#: The queries of all reports together, made from their declarations; each report refuses what it does not take.
_DECLARED: type[BaseModel] = create_model(
    "_Declared",
    **{
        name: (
            str | None,
            Field(
                None,
                max_length=_LONGEST,
                description=f"{parameter.help} Taken by: {_takers(parameter)}.",
                json_schema_extra={"enum": list(parameter.choices)} if parameter.choices else None,
            ),
        )
        for name, parameter in catalogue.parameters().items()
    },  # type: ignore[call-overload]
)


class ReportQuery(_DECLARED):  # type: ignore[valid-type, misc]
    """What to report on. `GET /reports` says which of these a report takes."""


@api.get("/reports", responses={200: ReportList})
@needs("read")
def list_reports() -> Response:
    """Every report with its parameters."""
    return show(ReportList(items=[_shown(report) for report in catalogue.REPORTS.values()]))


@api.get("/reports/control/current", responses={200: ControlShown})
@needs("read")
def get_control(query: OfVersion) -> Response:
    """What the control workbook says now, to be written into one that is open: named cells, and tables with their rows.

    A workbook of another version is refused.
    """
    now = making.current_control(services().db, by=caller().name, version=query.version)
    tables = [
        NamedTableShown(
            name=name,
            title=table.title,
            columns=[ColumnNamed(title=column.title, format=number_format(column)) for column in table.columns],
            rows=[list(row) for row in table.rows],
        )
        for name, table in now.tables.items()
    ]
    cells = [NamedCellShown(name=name, format=cell.format, value=cell.value) for name, cell in now.cells.items()]
    facts: dict[str, Any] = {"report": control.NAME, "version": control.VERSION, "title": control.TITLE, "at": now.at}
    return show(ControlShown(cells=cells, tables=tables, said=now.said, **facts))


@api.get("/reports/<string:name>.xlsx", responses={200: a_file(making.XLSX)})
@needs("read")
def get_report(path: ReportName, query: ReportQuery) -> Response:
    """The report as a workbook: tables, charts, and a first sheet that says what it is."""
    shared, by = services(), caller().name
    file = TemporaryFile(prefix="stockbook-report-")  # noqa: SIM115  # closed with the response
    try:
        making.make(shared.db, shared.settings, path.name, query.model_dump(), file, by=by, address=request.host_url)
        file.seek(0)
        name = making.file_name(path.name, clock.now())
        return send_file(file, mimetype=making.XLSX, as_attachment=True, download_name=name)
    except BaseException:
        file.close()
        raise


def _shown(report: Report) -> ReportShown:
    return ReportShown(
        name=report.name,
        title=report.title,
        what=report.what,
        sheets=[sheet.name for sheet in report.sheets],
        parameters=[
            ParameterShown(name=p.name, title=p.title, help=p.help, takes=p.takes.value, choices=list(p.choices))
            for p in report.parameters
        ],
    )
