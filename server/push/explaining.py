"""Why a store SKU shows what it shows, in figures and in words (PSH-11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.base import fold
from server.errors import NotFound
from server.outbox.causes import unpack
from server.outbox.models import Changed, Told
from server.places.models import Warehouse
from server.push.figures import Stock
from server.push.models import Evaluation
from server.push.queries import WaitingPush, waiting
from server.push.rules import Result, Rule, is_kept_for_priority, share
from server.push.targets import Ground, Listing, Target, mapped, sums_of, survey
from server.stores.models import Store, StoreSku

#: How many evaluations back an explanation goes
EVALUATIONS = 10

_WHY_NOT = {
    Result.NO_RULE: "no push rule governs it, so nothing is pushed and the store keeps its figure",
    Result.RULE_OFF: "its push rule is switched off, so nothing is pushed and the store keeps its figure",
    Result.NOT_SYNCED: "it is not synced (chosen by hand), so nothing is pushed",
    Result.STORE_OFF: "its store is switched off, so nothing is pushed",
    Result.SWITCH_OFF: "the inventory features are switched off, so nothing is pushed",
}


@dataclass(frozen=True)
class WarehousePart:
    """What one source warehouse gives. For a combination `available` is what its components come to."""

    warehouse: str
    available: int
    held_back: int
    counted: int
    components: list[dict[str, Any]]


@dataclass(frozen=True)
class PastEvaluation:
    """One evaluation: when, why, and what came of it."""

    at: datetime
    causes: list[str]
    forced: bool
    target: int | None
    result: str


@dataclass(frozen=True)
class LastTold:
    """What the store was last told, when, its answer, and whether it still shows it."""

    quantity: int | None
    at: datetime | None
    answer: str
    known: bool


@dataclass(frozen=True)
class Explanation:
    """All there is to say of one store SKU. `steps` are sentences, in the order of the arithmetic."""

    store: str
    store_sku: str
    sku: str | None
    rule: str | None
    percentage: str | None
    target: int | None
    steps: list[str]
    warehouses: list[WarehousePart]
    priority: str
    told: LastTold
    waits: WaitingPush | None
    evaluations: list[PastEvaluation]

    def facts(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def explain(session: Session, store: int | str, store_sku: str) -> Explanation:
    """Explain one store SKU, its store given by number or name. Raises `NotFound`."""
    row, shop = _find(session, store, store_sku)
    told = session.get(Told, row.id)
    last = LastTold(told.quantity, told.told_at, told.answer, told.known) if told else LastTold(None, None, "", False)
    common: dict[str, Any] = {
        "store": shop.name,
        "store_sku": row.code,
        "told": last,
        "waits": next(iter(waiting(session, store_sku=row.id)), None),
        "evaluations": _evaluations(session, row.id),
    }
    listing = session.execute(mapped().where(StoreSku.id == row.id)).first()
    if listing is None:
        step = "it is not mapped to a merchant SKU, so nothing is pushed and the store keeps its figure"
        return Explanation(
            sku=None, rule=None, percentage=None, target=None, steps=[step], warehouses=[], priority="", **common
        )
    return _explain_mapped(session, Listing._make(listing), common)


def _explain_mapped(session: Session, listing: Listing, common: dict[str, Any]) -> Explanation:
    ground = survey(session, [listing])
    target = ground.targets([listing])[0]
    sku = session.get_one(MerchantSku, listing.sku_id).code
    rule = target.rule
    if target.why_not is not None or rule is None:
        return Explanation(
            sku=sku,
            rule=_off_rule(ground, target),
            percentage=None,
            target=None,
            steps=[_WHY_NOT[target.why_not or Result.NO_RULE]],
            warehouses=[],
            priority="",
            **common,
        )
    parts = _warehouse_parts(session, rule, listing.sku_id, ground.stock)
    priority = _priority(session, rule, listing, ground.stock)
    return Explanation(
        sku=sku,
        rule=rule.name,
        percentage=f"{rule.percentage_for(listing.store_id):f}",
        target=target.quantity,
        steps=[
            *_steps(rule, listing, ground.stock, parts, target),
            *_unseen(session, listing.sku_id, ground.stock),
            *_sending(listing, target, common),
        ],
        warehouses=parts,
        priority=priority,
        **common,
    )


def _find(session: Session, store: int | str, store_sku: str) -> tuple[StoreSku, Store]:
    wanted = Store.id == store if isinstance(store, int) else Store.key == fold(store)
    shop = session.scalar(select(Store).where(wanted))
    if shop is None:
        raise NotFound(f"there is no store '{str(store)[:100]}'", store=str(store)[:100])
    row = session.scalar(select(StoreSku).where(StoreSku.store_id == shop.id, StoreSku.code == store_sku.strip()))
    if row is None:
        raise NotFound(f"store '{shop.name}' has no store SKU '{store_sku[:120]}'", store_sku=store_sku[:120])
    return row, shop


def _off_rule(ground: Ground, target: Target) -> str | None:
    if target.rule is not None:
        return target.rule.name
    off = ground.book.switched_off(target.listing.store_id, target.listing.sku_id)
    return off.name if off else None


def _warehouse_parts(session: Session, rule: Rule, sku_id: int, stock: Stock) -> list[WarehousePart]:
    names = dict(
        session.execute(
            select(Warehouse.id, Warehouse.code).where(Warehouse.id.in_(rule.warehouses)).order_by(Warehouse.id)
        ).all()
    )
    recipe = stock.recipes.get(sku_id, {})
    codes = dict(session.execute(select(MerchantSku.id, MerchantSku.code).where(MerchantSku.id.in_(recipe))).all())
    parts = []
    for warehouse_id, name in names.items():
        available = stock.in_warehouse(sku_id, warehouse_id, hold_back=False)
        counted = stock.in_warehouse(sku_id, warehouse_id, hold_back=rule.hold_back)
        components = [
            {
                "sku": codes[part],
                "quantity": quantity,
                "available": stock.own(part, warehouse_id, hold_back=False),
                "counted": stock.own(part, warehouse_id, hold_back=rule.hold_back),
            }
            for part, quantity in sorted(recipe.items())
        ]
        parts.append(WarehousePart(name, available, available - counted, counted, components))
    return parts


def _priority(session: Session, rule: Rule, listing: Listing, stock: Stock) -> str:
    if rule.priority_store is None:
        return "the rule has no priority store"
    available, _ = sums_of(rule, listing.sku_id, stock)
    first = session.get_one(Store, rule.priority_store).name
    if available >= rule.priority_safety_stock:
        return f"{available} available, not below {rule.priority_safety_stock}: every store is shown its share"
    if listing.store_id == rule.priority_store:
        return f"{available} available, below {rule.priority_safety_stock}: this store comes first and keeps its share"
    return f"{available} available, below {rule.priority_safety_stock}: only {first} is shown any"


def _steps(rule: Rule, listing: Listing, stock: Stock, parts: Sequence[WarehousePart], target: Target) -> list[str]:
    """The arithmetic of PSH-3 and PSH-5, a sentence a step."""
    available, base = sums_of(rule, listing.sku_id, stock)
    if is_kept_for_priority(rule, listing.store_id, available):
        return [f"less than {rule.priority_safety_stock} available: kept for the priority store: 0"]
    sum_of = " + ".join(f"{part.warehouse} {part.counted}" for part in parts) or "no warehouse"
    steps = [f"{sum_of} = {base}{' after hold-back' if rule.hold_back else ''}"]
    if base <= 0:
        return [*steps, "nothing available: 0"]
    percentage = rule.percentage_for(listing.store_id)
    result = share(base, *rule.ratio_for(listing.store_id), rule.rounding)
    steps.append(f"{base} × {percentage:f} %, rounded {rule.rounding.value} = {result}")
    if rule.fixed:
        steps.append(f"{result} {'+' if rule.fixed > 0 else '-'} {abs(rule.fixed)} = {result + rule.fixed}")
        result += rule.fixed
    if result < 0:
        steps.append("below 0: 0")
    elif rule.minimum is not None and result < rule.minimum:
        steps.append(f"below the minimum of {rule.minimum}: 0")
    elif rule.cap is not None and result > rule.cap:
        steps.append(f"above the cap of {rule.cap}: {rule.cap}")
    return [*steps, f"target: {target.quantity}"]


def _unseen(session: Session, sku_id: int, stock: Stock) -> list[str]:
    """Whether something changed that no evaluation has seen yet: what is told may be about to follow."""
    marked = select(Changed.sku_id).where(Changed.sku_id.in_([sku_id, *stock.recipes.get(sku_id, {})]))
    if session.scalar(marked.limit(1)) is None:
        return []
    return ["a change was not evaluated yet; what the store is told follows"]


def _sending(listing: Listing, target: Target, common: dict[str, Any]) -> list[str]:
    """Why it is, or is not, on its way."""
    told: LastTold = common["told"]
    waits: WaitingPush | None = common["waits"]
    if waits is not None:
        held = f"; {waits.reason}" if waits.reason else ""
        return [f"a push of {waits.quantity} is {waits.state.value}{held}"]
    if told.quantity is None:
        return ["the store was never told anything"]
    changed = "" if told.known else ", but the store has changed its own figure since"
    if listing.is_choice and (changed or target.quantity != told.quantity):
        return [f"last told {told.quantity}{changed}; a Choice store is only told when the target rises"]
    if changed:
        return [f"last told {told.quantity}{changed}: the next one is sent"]
    return [f"last told {told.quantity}"]


def _evaluations(session: Session, store_sku_id: int) -> list[PastEvaluation]:
    rows = session.scalars(
        select(Evaluation)
        .where(Evaluation.store_sku_id == store_sku_id)
        .order_by(Evaluation.id.desc())
        .limit(EVALUATIONS)
    )
    return [
        PastEvaluation(row.at, [cause.label for cause in unpack(row.causes)], row.forced, row.target, row.result)
        for row in rows
    ]
