"""Reports: what there is, what each can be asked for, and the workbooks themselves (REP-1, REP-2)."""

from __future__ import annotations

from tempfile import TemporaryFile

from flask import Response, request, send_file
from sqlalchemy import select

from server import clock
from server.access.declaring import shown_to
from server.errors import NotFound, StockbookError
from server.places.models import Warehouse
from server.places.queries import warehouses
from server.reports import catalogue, making
from server.reports.describing import Takes
from server.stores.models import Store
from server.web.frame import console, pages, show, visitor

page = pages("reports")


@page.get("/reports")
@shown_to("read")
def reports() -> Response:
    """Every report with what it can be asked for."""
    return _list()


@page.get("/reports/<name>.xlsx")
@shown_to("read")
def report_file(name: str) -> Response:
    """The report as a workbook; the page again where it can't be made."""
    shared, given = console(), {key: value for key, value in request.args.items() if value.strip()}
    file = TemporaryFile(prefix="stockbook-report-")  # noqa: SIM115  # closed with the response
    try:
        making.make(shared.db, shared.settings, name, given, file, by=visitor().name, address=request.host_url)
        file.seek(0)
        return send_file(
            file, mimetype=making.XLSX, as_attachment=True, download_name=making.file_name(name, clock.now())
        )
    except StockbookError as problem:
        file.close()
        if name not in catalogue.REPORTS:
            raise NotFound(f"there is no report {name[:60]}") from problem
        return _list(problem, asked=name)
    except BaseException:
        file.close()
        raise


def _list(problem: StockbookError | None = None, *, asked: str = "") -> Response:
    with console().db.read() as session:
        choices = {
            Takes.WAREHOUSE: [place.code for place in session.scalars(warehouses().order_by(Warehouse.key))],
            Takes.STORE: list(session.scalars(select(Store.name).order_by(Store.key))),
        }
    facts = {"reports": catalogue.REPORTS.values(), "choices": choices, "asked": asked, "given": request.args}
    return show("reports.html", problem=problem, moment=Takes.MOMENT, **facts)
