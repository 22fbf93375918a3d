"""Scan returns: one field for a scanner, a big answer, and the field again (ORD-11)."""

from __future__ import annotations

from flask import Response, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import clock
from server.access.declaring import shown_to
from server.errors import StockbookError, WrongUse
from server.orders import returns
from server.orders.giving_back import Item
from server.orders.models import OrderReturn
from server.orders.return_lists import return_views, returns_by
from server.stores.models import Store
from server.stores.queries import store_named
from server.web.frame import console, go, pages, show, visitor

page = pages("scanning")
LATEST = 15


@page.get("/returns")
@shown_to("read")
def scan_page() -> Response:
    """Where packages that come back are scanned; those that came last."""
    return _page()


@page.post("/returns")
@shown_to("orders.act")
def scan_return() -> Response:
    """Take the package of a tracking number back: all that is out of its orders."""
    tracking, by = request.form.get("tracking", "").strip(), visitor().name
    defective, name = request.form.get("defective") == "yes", request.form.get("store", "")

    def work(session: Session) -> list[int]:
        store_id = store_named(session, name).id if name else None
        items = [Item(defective=defective)]
        made = returns.scan(session, tracking, store_id=store_id, items=items, by=by, at=clock.now())
        return [row.id for row in made]

    try:
        if not 1 <= len(tracking) <= 100:
            raise WrongUse("scan or type the tracking number of the package", field="tracking")
        came = console().db.write(work)
    except StockbookError as problem:
        return _page(problem)
    return go("/returns?" + "&".join(f"came={number}" for number in came) + ("&defective=yes" if defective else ""))


def _page(problem: StockbookError | None = None) -> Response:
    with console().db.read() as session:
        latest = session.scalars(returns_by(state="completed").order_by(OrderReturn.id.desc()).limit(LATEST)).all()
        views = return_views(session, latest)
        names = session.scalars(select(Store.name).order_by(Store.key)).all()
    new = request.args.getlist("came") if problem is None else []
    came = [view for view in views if str(view.row.id) in new]
    return show("returns.html", problem=problem, views=views, came=came, stores=names, given=request.values)
