"""What every store would show before and after: for a rule not saved yet, or an upload not applied yet (PSH-12)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.bulk import NUMBER, relation
from server.outbox.models import Changed, Told
from server.push.figures import load_stock
from server.push.rulebook import load_rules
from server.push.rules import Rule, Rulebook
from server.push.targets import Ground, Listing, Target, affected, mapped, targets
from server.stores.models import Store, StoreSku
from server.switches import service as switches


@dataclass(frozen=True, slots=True)
class Shown:
    """One store SKU: its target now and then. None: nothing is pushed, the store keeps what it was last `told`."""

    store_sku_id: int
    store: str
    store_sku: str
    sku: str
    told: int | None
    before: int | None
    after: int | None

    @property
    def changes(self) -> bool:
        """Whether the store would show something else."""
        return self.before != self.after


def preview_figures(session: Session, changes: Mapping[tuple[int, int], int]) -> list[Shown]:
    """What stores would show if available changed by `changes`, units by (warehouse, SKU): an upload not applied yet.

    Only store SKUs whose SKU, or a component of it, is among them. About as many statements for one as for many.
    """
    listings = affected(session, {sku_id for _, sku_id in changes})
    now = _ground(session, listings, load_rules(session, {listing.sku_id for listing in listings}))
    then = replace(now, stock=now.stock.raised(changes))
    return _compare(session, now.targets(listings), then.targets(listings))


def preview_change(session: Session, change: Callable[[], object]) -> list[Shown]:
    """What stores would show after `change`, whatever it writes; it is made and taken back within the transaction.

    Every store SKU of the merchant SKUs that it marks as changed, before or after. The caller's transaction must be one
    that writes, and is best rolled back as well.
    """
    marks = _marks(session)
    savepoint = session.begin_nested()
    try:
        change()
        session.flush()
        skus = {sku_id for sku_id, version in _marks(session).items() if marks.get(sku_id) != version}
        then = _by_number(session, affected(session, skus))
        labels = _labels(session, then)
    finally:
        savepoint.rollback()
        session.expire_all()
    now = _by_number(session, [*affected(session, skus), *_among(session, then)])
    labels = _labels(session, now) | labels
    return [Shown(number, *labels[number], now.get(number), then.get(number)) for number in sorted({*now, *then})]


def _marks(session: Session) -> dict[int, int]:
    return dict(session.execute(select(Changed.sku_id, Changed.version)).all())


def _by_number(session: Session, listings: Iterable[Listing]) -> dict[int, int | None]:
    chosen = {listing.id: listing for listing in listings}
    return {target.listing.id: target.quantity for target in targets(session, [chosen[n] for n in sorted(chosen)])}


def _among(session: Session, numbers: Iterable[int]) -> list[Listing]:
    with relation(session, {"id": NUMBER}, [(number,) for number in numbers]) as wanted:
        return [Listing._make(row) for row in session.execute(mapped().join(wanted, StoreSku.id == wanted.c.id))]


def preview_rules(session: Session, rules: Sequence[Rule], *, removed: Collection[int] = ()) -> list[Shown]:
    """What stores would show if these rules were saved: every store SKU that they govern, before or after."""
    gone = {*removed, *(rule.id for rule in rules if rule.id is not None)}
    known = load_rules(session)
    listings = _governed(session, [*rules, *(rule for rule in known if rule.id in gone)])
    after = [*(rule for rule in known if rule.id not in gone), *rules]
    now = _ground(session, listings, known, also=after)
    then = replace(now, book=Rulebook(after))
    return _compare(session, now.targets(listings), then.targets(listings))


def _ground(session: Session, listings: Sequence[Listing], rules: Sequence[Rule], also: Sequence[Rule] = ()) -> Ground:
    safety = any(rule.hold_back for rule in (*rules, *also))
    stock = load_stock(session, {listing.sku_id for listing in listings}, safety=safety)
    return Ground(Rulebook(rules), stock, switches.is_on(session, switches.INVENTORY_FEATURES))


def _governed(session: Session, rules: Sequence[Rule]) -> list[Listing]:
    stores = {store for rule in rules for store in rule.stores}
    query = mapped().where(StoreSku.store_id.in_(stores)).order_by(StoreSku.id)
    if rules and all(rule.skus for rule in rules):
        scope = sorted({sku for rule in rules for sku in rule.skus})
        with relation(session, {"sku_id": NUMBER}, [(sku,) for sku in scope]) as wanted:
            rows = session.execute(query.join(wanted, StoreSku.sku_id == wanted.c.sku_id)).all()
    else:
        rows = session.execute(query).all()
    return [Listing._make(row) for row in rows]


def _compare(session: Session, before: Sequence[Target], after: Sequence[Target]) -> list[Shown]:
    labels = _labels(session, [target.listing.id for target in before])
    return [
        Shown(one.listing.id, *labels[one.listing.id], before=one.quantity, after=two.quantity)
        for one, two in zip(before, after, strict=True)
    ]


def _labels(session: Session, numbers: Iterable[int]) -> dict[int, tuple[str, str, str, int | None]]:
    """Store, store SKU, merchant SKU and what was last told, of mapped store SKUs."""
    with relation(session, {"id": NUMBER}, [(number,) for number in numbers]) as wanted:
        rows = session.execute(
            select(StoreSku.id, Store.name, StoreSku.code, MerchantSku.code, Told.quantity)
            .join(wanted, wanted.c.id == StoreSku.id)
            .join(Store, Store.id == StoreSku.store_id)
            .join(MerchantSku, MerchantSku.id == StoreSku.sku_id)
            .outerjoin(Told, Told.store_sku_id == StoreSku.id)
        )
        return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}
