"""A page of news from a store, taken in: new orders written down and allocated, known ones brought up to date.

The statements of a page don't grow with its orders. The same page again changes nothing (ORD-3).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.orm import Session

from server.channels.protocol import MarketOrder, MarketStatus
from server.db.base import decimal_for
from server.db.bulk import NUMBER, TEXT, dialect_of, insert_rows, relation
from server.orders import editing, facts, rules, service, vetting
from server.orders.allocating import uncovered
from server.orders.editing import Edited, Listing
from server.orders.models import Order, OrderLine
from server.orders.packages import keep_packages
from server.orders.rules import Ways
from server.orders.states import Action, State
from server.outbox import queue
from server.outbox.causes import Cause
from server.outbox.models import Told
from server.stores.listings import ensure_store_skus
from server.stores.models import Store, StoreSku

CAUSE = Cause.ORDER_SYNC
_ALLOCATING = frozenset({Action.TAKE_IN, Action.MOVE_TO_PACK})
_OUTSIDE = frozenset({Action.SHIPPED_OUTSIDE, Action.SHIPPED_OUTSIDE_DEDUCTED})
_NEW_ORDERS = insert(Order.__table__)  # type: ignore[arg-type]
_LINE = ("order_id", "line_key", "store_sku_id", "sku_id", "quantity", "unit_price", "name")
#: By how much a store's clock may be behind ours.
_CLOCKS_DIFFER = timedelta(minutes=1)
_Todo = tuple[Order, tuple[Action, ...]]
#: The class of advisory locks of those who take in a store's news.
_READERS = 0x5717C5


@dataclass
class Taken:
    """What a page came to: orders new, changed, left as they were, and ignored (before the start date).

    `odd`: what was taken otherwise than told. `left`: by number, why an order could not be taken in.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    ignored: int = 0
    odd: list[str] = field(default_factory=list)
    left: dict[str, str] = field(default_factory=dict)

    def add(self, other: Taken) -> None:
        """Count another page."""
        self.new += other.new
        self.changed += other.changed
        self.same += other.same
        self.ignored += other.ignored
        self.odd += other.odd
        self.left |= other.left


@dataclass
class _Page:
    """What a page says, beside what was known of its orders. `heard`: known orders with news worth keeping; `made`: new
    ones; `todo`: what is done to them all, once everything is written down. `passed_by`: store SKUs of orders that are
    ignored."""

    wanted: dict[str, MarketOrder]
    known: dict[str, Order]
    store_skus: dict[str, Listing]
    ways: Ways
    passed_by: set[int]
    heard: list[tuple[Order, MarketOrder]] = field(default_factory=list)
    edited: dict[int, Edited] = field(default_factory=dict)
    made: list[tuple[Order, MarketOrder]] = field(default_factory=list)
    todo: list[_Todo] = field(default_factory=list)

    @property
    def fresh(self) -> list[MarketOrder]:
        """News of orders never seen before."""
        return [order for number, order in self.wanted.items() if number not in self.known]

    def told(self) -> set[int]:
        """The store SKUs of which the shop changed its own figure: of lines told now, of those known before, and of
        orders that are ignored."""
        now = (line for _, order in (*self.made, *self.heard) for line in order.lines)
        before = editing.known_store_skus(self.edited)
        return {self.store_skus[line.store_sku].id for line in now} | before | self.passed_by


def take_in(session: Session, store: Store, news: Sequence[MarketOrder], *, by: str, at: datetime) -> Taken:
    """Take in what a store says of its orders. Late and repeated news changes nothing it should not (ORD-3).

    An odd order is taken as well as it can be, or left out; either is said, and never holds back the others.
    """
    _one_reader(session, store)
    vetted = vetting.vet(news, at=at)
    wanted = _newest(vetted.orders)
    ignored = _leave_early(session, store, wanted)
    store_skus = _store_skus(session, store, wanted, vetted.stand_ins, at)
    known = _lock_known(session, store, list(wanted))
    for number in vetted.undated & known.keys() & wanted.keys():
        # Nobody can say whether it is newer: it is taken as of the same time, which never moves a state backwards.
        wanted[number] = replace(wanted[number], updated_at=known[number].seen_at)
    passed_by = _changed_all_the_same(session, store, ignored)
    page = _Page(wanted, known, store_skus, service.ways_from(store.settings), passed_by)
    _hear(session, page)
    _make(session, store, page, at)
    keep_packages(session, [*page.made, *page.heard])
    session.flush()
    _map_again(session, [order for order, actions in page.todo if Action.TAKE_IN in actions and order.number in known])
    _follow_up(session, page, by=by, at=at)
    said = (order.number for _, order in (*page.made, *page.heard))
    return Taken(
        new=len(page.made),
        changed=len(page.heard),
        same=len(known) - len(page.heard),
        ignored=len(ignored),
        odd=[f"order {number}: {note}" for number in said for note in vetted.notes.get(number, ())],
        left=vetted.left,
    )


def _hear(session: Session, page: _Page) -> None:
    """Write down what is new of known orders and their supplements, and what is to be done about it."""
    todo: list[_Todo] = []
    for number, order in page.known.items():
        decision = rules.decide(_as_known(order), page.wanted[number], ways=page.ways)
        if decision.keep:
            page.heard.append((order, page.wanted[number]))
            todo.append((order, decision.actions))
    page.edited = editing.read(session, page.heard, page.store_skus)
    page.todo += [(order, actions or editing.retried(page.edited[order.id])) for order, actions in todo]
    facts.mark_supplements(session, [(each, one.news) for one in page.edited.values() for each in one.supplements])
    facts.bring_up_to_date(session, page.heard)
    for order, _ in page.heard:
        page.todo += _follow(page.edited[order.id], page.ways)


def _make(session: Session, store: Store, page: _Page, at: datetime) -> None:
    """Write new orders down, and what is to be done to those that begin to count."""
    rows = _write_new(session, store, page.fresh, page.store_skus, page.ways, at)
    page.made = [(order, page.wanted[order.number]) for order in rows]
    page.todo += [
        (order, rules.actions_for(State.UNPAID, news, ways=page.ways))
        for order, news in page.made
        if order.state == State.UNPAID
    ]


def _follow_up(session: Session, page: _Page, *, by: str, at: datetime) -> None:
    """What edits give back, then all that is to be done, then what edits take; every SKU that was told is marked."""
    editing.note_unfollowed(session, page.edited, page.store_skus)
    told = page.told()
    with queue.gathered(session, at=at):
        editing.lower(session, page.edited, by=by, at=at)
        editing.raise_early(session, page.edited, page.store_skus)
        _act(session, page.todo, by=by, at=at)
        editing.raise_late(session, page.edited, page.store_skus, by=by, at=at)
        _mark_mapped(session, told, at)
    queue.forget_told(session, told)  # after the marks: everyone locks `changed` first


def _one_reader(session: Session, store: Store) -> None:
    """The schedule and webhooks, on several servers, tell of the same orders at once. Who comes second waits here,
    where nothing is locked yet, and not at an order's unique number or in a deadlock; SQLite has one writer anyway."""
    if dialect_of(session) == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_READERS, store.id)))


def _follow(edited: Edited, ways: Ways) -> list[_Todo]:
    """What news of an order means for its supplements: they are cancelled with it, and shipped where they are packed;
    one that still waits to be packed goes on waiting for people."""
    news = edited.news
    followed: list[_Todo] = []
    for supplement in edited.supplements:
        packed = supplement.state in (State.IN_PROCESS, State.TO_PICKUP, State.SHIPPED)
        if packed or news.status is MarketStatus.CANCELLED:
            followed.append((supplement, rules.actions_for(State(supplement.state), news, ways=ways)))
    return followed


def _newest(news: Sequence[MarketOrder]) -> dict[str, MarketOrder]:
    """The newest news of each order."""
    newest: dict[str, MarketOrder] = {}
    for order in news:
        if order.number not in newest or rules.replaces(order, newest[order.number]):
            newest[order.number] = order
    return newest


def _leave_early(session: Session, store: Store, wanted: dict[str, MarketOrder]) -> list[MarketOrder]:
    """Ignore orders placed before the store's start date (ORD-12); gives them. One that is here already is
    followed to its end also where the date was moved past it: what it holds must come free some day."""
    early = [order.number for order in wanted.values() if store.orders_from and order.placed_at < store.orders_from]
    if not early:
        return []
    with relation(session, {"number": TEXT}, [(number,) for number in early]) as r:
        here = select(Order.number).join(r, and_(Order.store_id == store.id, Order.number == r.c.number))
        ignored = set(early) - set(session.scalars(here))
    return [wanted.pop(number) for number in sorted(ignored)]


def _changed_all_the_same(session: Session, store: Store, ignored: Sequence[MarketOrder]) -> set[int]:
    """The store SKUs of orders that are ignored: their shop has lowered its own figure for them, or put units back, so
    what it shows is unknown (PSH-8). Not those told since: nothing remembers that this news was read before."""
    changed: dict[str, datetime] = {}
    for order in ignored:
        for line in order.lines:
            changed[line.store_sku] = max(order.updated_at, changed.get(line.store_sku, order.updated_at))
    with relation(session, {"code": TEXT}, [(code,) for code in changed]) as r:
        query = (
            select(StoreSku.id, StoreSku.code, Told.told_at)
            .join(r, and_(StoreSku.store_id == store.id, StoreSku.code == r.c.code))
            .join(Told, Told.store_sku_id == StoreSku.id)
            .where(Told.told_at.is_not(None))
        )
        return {row.id for row in session.execute(query) if row.told_at <= changed[row.code] + _CLOCKS_DIFFER}


def _store_skus(
    session: Session, store: Store, wanted: dict[str, MarketOrder], stand_ins: set[str], at: datetime
) -> dict[str, Listing]:
    """The store SKUs of all lines by code; those never seen before are written down, unmapped. The store knows no
    listing by a code that we made: nothing is pushed to it, also once it is mapped."""
    codes = {line.store_sku for order in wanted.values() for line in order.lines}
    numbers = ensure_store_skus(session, ((store.id, code) for code in codes - stand_ins), at=at)
    if made := codes & stand_ins:
        numbers |= ensure_store_skus(session, ((store.id, code) for code in made), at=at, synced=False)
    with relation(session, {"id": NUMBER}, [(number,) for number in numbers.values()]) as r:
        query = select(StoreSku.code, StoreSku.id, StoreSku.sku_id).join(r, StoreSku.id == r.c.id).order_by(StoreSku.id)
        if dialect_of(session) == "postgresql":
            # A mapping made at this very moment would look for waiting orders before these are there (CAT-9).
            query = query.with_for_update(read=True, of=StoreSku)
        return {code: Listing(number, sku_id) for code, number, sku_id in session.execute(query)}


def _lock_known(session: Session, store: Store, numbers: Sequence[str]) -> dict[str, Order]:
    with relation(session, {"number": TEXT}, [(number,) for number in numbers]) as r:
        on = and_(Order.store_id == store.id, Order.number == r.c.number, Order.supplement == 0)
        query = select(Order).join(r, on).order_by(Order.id)
        if dialect_of(session) == "postgresql":
            query = query.with_for_update(of=Order)
        rows = session.scalars(query.execution_options(populate_existing=True))
        return {order.number: order for order in rows}


def _as_known(order: Order) -> rules.Known:
    return rules.Known(State(order.state), MarketStatus(order.market_status), order.seen_at, order.content)


def _write_new(
    session: Session,
    store: Store,
    fresh: Sequence[MarketOrder],
    store_skus: dict[str, Listing],
    ways: Ways,
    at: datetime,
) -> list[Order]:
    if not fresh:
        return []
    rows = [
        {
            "store_id": store.id,
            "number": order.number,
            "state": rules.first_state(order, recorded=store.is_choice, ways=ways, since=store.created_at).value,
            "placed_at": order.placed_at,
            "created_at": at,
            "updated_at": at,
            **facts.facts_of(order),
        }
        for order in fresh
    ]
    session.connection().execute(_NEW_ORDERS, rows)
    numbered = _lock_known(session, store, [order.number for order in fresh])
    made = [numbered[order.number] for order in fresh]
    price = partial(decimal_for, dialect_of(session))
    lines = (
        (row.id, line.line_id, listing.id, listing.sku_id, line.quantity, price(line.unit_price), line.name[:300])
        for row, order in zip(made, fresh, strict=True)
        for line in rules.added_up(order.lines)
        for listing in (store_skus[line.store_sku],)
    )
    insert_rows(session, OrderLine, _LINE, lines)
    return made


def _map_again(session: Session, orders: Sequence[Order]) -> None:
    """An order that begins to count is mapped as its store SKUs are now, not as they were when it was first seen."""
    if not orders:
        return
    mapped = select(StoreSku.sku_id).where(StoreSku.id == OrderLine.store_sku_id).scalar_subquery()
    with relation(session, {"id": NUMBER}, [(order.id,) for order in orders]) as r:
        again = update(OrderLine).where(OrderLine.order_id.in_(select(r.c.id))).values(sku_id=mapped)
        session.execute(again.execution_options(synchronize_session=False))


def _act(session: Session, todo: Sequence[_Todo], *, by: str, at: datetime) -> None:
    """Releases and deductions before allocations, so that what one order gives back another may get.

    An order in process that was shipped at the market, but that the shelf no longer covers (STK-5), waits as it is: it
    stays at risk until stock is put right, and holds up no other news.
    """
    waiting: set[int] = set()
    for place in range(max((len(actions) for _, actions in todo), default=0)):
        by_action: dict[Action, list[Order]] = defaultdict(list)
        for order, actions in todo:
            if place < len(actions):
                by_action[actions[place]].append(order)
        for action in sorted(by_action, key=_ALLOCATING.__contains__):
            some = by_action[action]
            if action in _OUTSIDE:
                waiting |= uncovered(session, [order for order in some if order.state == State.IN_PROCESS])
            able = [order for order in some if order.id not in waiting]
            service.perform(session, action, able, by=by, at=at, cause=CAUSE)


def _mark_mapped(session: Session, heard: set[int], at: datetime) -> None:
    """The shop changed its own figures: the SKUs of these listings are evaluated (PSH-8, cause 1)."""
    with relation(session, {"id": NUMBER}, [(number,) for number in heard]) as r:
        mapped = select(StoreSku.sku_id).join(r, r.c.id == StoreSku.id).where(StoreSku.sku_id.is_not(None))
        queue.mark(session, filter(None, session.scalars(mapped)), cause=CAUSE, at=at)
