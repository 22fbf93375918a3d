"""The marketplace's calls under /sandbox/v1: parse, ask the market, show."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, g, jsonify, make_response, request

from server.sandbox import listings, orders, parsing
from server.sandbox.errors import WrongInput
from server.sandbox.faults import Faults, as_json
from server.sandbox.shop import Marketplace

PREFIX = "/sandbox/v1"
EXTENSION = "sandbox"
MAX_LISTINGS = 10_000

api = Blueprint("market", __name__, url_prefix=PREFIX)

#: calls that only a seller makes; the others are a seller's when they carry an `Authorization` header
SELLER_ONLY = frozenset(
    f"market.{name}"
    for name in (
        "register",
        "list_orders",
        "set_stock",
        "tickets",
        "history",
        "subscribe",
        "unsubscribe",
        "subscription",
    )
)


def problem(status: int, code: str, text: str, **facts: Any) -> Response:
    """An error as `application/problem+json`."""
    body = {"type": f"sandbox:{code}", "title": code, "status": status, "detail": text, **facts}
    response = make_response(jsonify(body), status)
    response.content_type = "application/problem+json"
    return response


def _market() -> Marketplace:
    market: Marketplace = current_app.extensions[EXTENSION]
    return market


def _body() -> Any:
    return request.get_json(force=True, silent=True)


def _told(answer: dict[str, Any], status: int = 200) -> Response:
    """An order's answer; whoever subscribed is told at once."""
    _market().courier.wake()
    return make_response(jsonify(answer), status)


@api.get("")
@api.get("/")
def about() -> Response:
    """That this is the sandbox; how `make run` finds one that already answers on the port."""
    return jsonify(name="stockbook-sandbox", version=1)


@api.put("/shops/<shop>")
def register(shop: str) -> Response:
    """Register the shop's secret; changing it takes the old one."""
    secret = parsing.text(parsing.mapping(_body()), "secret")
    _market().register(shop, secret)
    return jsonify(shop=shop)


@api.post("/shops/<shop>/listings")
def put_listings(shop: str) -> Response:
    """Put up one listing, or `items` of them; one that is there is changed."""
    body = parsing.mapping(_body())
    if "items" not in body:
        return make_response(jsonify(_market().listings.put(shop, [parsing.listing(body)])[0]), 201)
    items = parsing.rows(body["items"], "items", least=1, most=MAX_LISTINGS)
    return make_response(jsonify(items=_market().listings.put(shop, [parsing.listing(item) for item in items])), 201)


@api.get("/shops/<shop>/listings")
def list_listings(shop: str) -> Response:
    """What buyers see now: all of it, or pages when a `limit` is given."""
    limit = parsing.page_size(request.args.get("limit"))
    items, following = _market().listings.page(shop, after=request.args.get("cursor", ""), limit=limit)
    return jsonify(items=items, next=following)


@api.post("/shops/<shop>/stock")
def set_stock(shop: str) -> Response:
    """Set absolute quantities: one answer per line."""
    lines = parsing.rows(parsing.mapping(_body()).get("lines"), "lines", least=1, most=listings.STOCK_BATCH)
    faults: Faults = g.faults
    return jsonify(lines=_market().listings.set_stock(shop, lines, faults))


@api.get("/shops/<shop>/stock/tickets")
def tickets(shop: str) -> Response:
    """What became of updates that were answered `pending`."""
    wanted = [ticket for ticket in request.args.get("ids", "").split(",") if ticket]
    if len(wanted) > listings.STOCK_BATCH or not all(ticket.isascii() and ticket.isdigit() for ticket in wanted):
        raise WrongInput(f"ids must be at most {listings.STOCK_BATCH} numbers with commas between", field="ids")
    return jsonify(lines=_market().listings.tickets(shop, [int(ticket[:18]) for ticket in wanted]))


@api.get("/shops/<shop>/stock/history")
def history(shop: str) -> Response:
    """Every quantity that was set, oldest first."""
    limit = parsing.page_size(request.args.get("limit")) or parsing.MAX_PAGE
    after = request.args.get("cursor", "0")
    if not (after.isascii() and after.isdigit()):
        raise WrongInput("this cursor was not given out by the marketplace", field="cursor")
    items = _market().listings.history(shop, request.args.get("store_sku"), after=int(after[:18]), limit=limit)
    return jsonify(items=items, next=str(items[-1]["id"]) if len(items) == limit else None)


@api.post("/shops/<shop>/orders")
def place_order(shop: str) -> Response:
    """A buyer orders: 201 with the order, 409 with what is there."""
    return _told(_market().orders.place(shop, parsing.order(_body())), 201)


@api.get("/shops/<shop>/orders")
def list_orders(shop: str) -> Response:
    """Orders changed at or after `updated_since`, oldest change first."""
    since = request.args.get("updated_since")
    items, following = _market().orders.page(
        shop,
        since_us=parsing.moment_us(since, "updated_since") if since else 0,
        cursor=request.args.get("cursor"),
        limit=parsing.page_size(request.args.get("limit")) or orders.PAGE,
    )
    return jsonify(items=items, next=following)


@api.get("/shops/<shop>/orders/<number>")
def get_order(shop: str, number: str) -> Response:
    """One order as it is now."""
    return jsonify(_market().orders.get(shop, number))


@api.post("/shops/<shop>/orders/<number>/edit")
def edit_order(shop: str, number: str) -> Response:
    """Replace the order's lines."""
    lines = parsing.order_lines(parsing.mapping(_body()).get("lines"))
    return _told(_market().orders.edit(shop, number, lines))


@api.post(f"/shops/<shop>/orders/<number>/<any({', '.join(orders.ACTIONS)}):action>")
def act_on_order(shop: str, number: str, action: str) -> Response:
    """Pay, pack, ship, deliver, cancel or return."""
    return _told(_market().orders.act(shop, number, action))


@api.put("/shops/<shop>/webhook")
def subscribe(shop: str) -> Response:
    """Have every change of an order told to `url`, signed with `secret`."""
    body = parsing.mapping(_body())
    url = parsing.address(body)
    _market().subscribe(shop, url, parsing.text(body, "secret"))
    return jsonify(url=url)


@api.get("/shops/<shop>/webhook")
def subscription(shop: str) -> Response:
    """Where this shop's webhooks go."""
    return jsonify(url=_market().subscription(shop))


@api.delete("/shops/<shop>/webhook")
def unsubscribe(shop: str) -> Response:
    """Tell nobody any more."""
    _market().unsubscribe(shop)
    return make_response("", 204)


@api.get("/faults")
def get_faults() -> Response:
    """The faults in force, for `?shop=` or for all."""
    return jsonify(as_json(_market().faults.of(request.args.get("shop"))))


@api.put("/faults")
def put_faults() -> Response:
    """Replace the faults of `?shop=`, or of all shops."""
    shop = request.args.get("shop") or None
    _market().faults.put(shop, parsing.mapping(_body()))
    _market().courier.wake()
    return jsonify(as_json(_market().faults.of(shop)))


@api.get("/stats")
def stats() -> Response:
    """What each shop sold."""
    return jsonify(_market().stats())
