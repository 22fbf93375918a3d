"""Push rules: which quantity each store shows (PSH-2 to PSH-6), and what a rule would change before it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from flask import Response
from pydantic import AfterValidator, BaseModel, Field, PlainSerializer, StrictBool
from sqlalchemy.orm import Session

from server import clock
from server.api.auth import caller, require
from server.api.frame import Body, ById, Quantity, RecordId, needs, resource, services, show
from server.api.once import once
from server.api.paging import Page, Paging
from server.db.base import fold
from server.errors import WrongUse
from server.push import service
from server.push.checking import MAX_NAME, MAX_PERCENTAGE, MAX_QUANTITY
from server.push.drafting import drafted
from server.push.naming import Names, names_of
from server.push.preview import Shown, preview_rules
from server.push.rulebook import load_rules
from server.push.rules import Rule
from server.uploads import previewing

api = resource("push_rules", "Push rules")

Percentage = Annotated[
    Decimal,
    Field(ge=0, le=MAX_PERCENTAGE, decimal_places=4, description="A plain number: 50 is 50 %."),
    PlainSerializer(float, return_type=float, when_used="json"),
]


def _no_fraction(percentage: Decimal) -> Decimal:
    """WB-15 for programs: nobody means half a per cent by 0.5."""
    if 0 < percentage < 1:
        raise ValueError(f"{percentage.normalize():f} is below 1 %: write 50 for 50 %")
    return percentage


GivenPercentage = Annotated[Percentage, AfterValidator(_no_fraction)]
Fixed = Annotated[int, Field(strict=True, ge=-MAX_QUANTITY, le=MAX_QUANTITY)]
RoundingWord = Literal["down", "up", "nearest"]


class RuleShown(BaseModel):
    """A push rule. Without `skus` it is for all of them."""

    id: int
    name: str
    active: bool
    warehouses: list[str]
    stores: list[str]
    store_percentages: dict[str, Percentage] = Field(description="Stores that have their own percentage.")
    percentage: Percentage
    fixed: int
    rounding: RoundingWord
    priority_store: str | None
    priority_safety_stock: int
    hold_back_safety_stock: bool
    minimum: int | None
    cap: int | None
    skus: list[str]
    warnings: list[str] = Field([], description="What to know of it; only in answers to saving.")


class RuleChange(Body):
    """What to change of a rule; a field that is left out stays."""

    name: str | None = Field(None, max_length=MAX_NAME)
    active: StrictBool | None = None
    warehouses: list[str] | None = None
    stores: list[str] | None = None
    store_percentages: dict[str, GivenPercentage] | None = None
    percentage: GivenPercentage | None = None
    fixed: Fixed | None = None
    rounding: RoundingWord | None = None
    priority_store: str | None = None
    priority_safety_stock: Quantity | None = None
    hold_back_safety_stock: StrictBool | None = None
    minimum: Quantity | None = None
    cap: Quantity | None = None
    skus: list[str] | None = None


class NewRule(RuleChange):
    """A rule to be. What is left out: on, 100 %, rounded down, all SKUs."""

    name: str = Field(max_length=MAX_NAME)
    warehouses: list[str]
    stores: list[str]


class PreviewWanted(RuleChange):
    """A rule as it would be saved: a new one, or with `id` a change of one that is. Or an upload, as it would be
    applied."""

    id: RecordId | None = Field(None, description="The rule that would be changed.")
    upload: RecordId | None = Field(None, description="Instead of a rule: an upload that is not applied yet.")
    after: int | None = Field(None, ge=0, description="`next` of the page before.")
    limit: int = Field(1000, ge=1, le=10_000, description="Most items on this page.")


class ShownItem(BaseModel):
    """One store SKU. null: nothing is pushed, and the store keeps its figure."""

    id: int
    store: str
    store_sku: str
    sku: str
    told: int | None = Field(description="What the store was last told.")
    before: int | None
    after: int | None


class Preview(BaseModel):
    """What every store would show before and after."""

    counts: dict[str, int]
    warnings: list[str]
    problems: list[dict[str, Any]] = Field(description="Why it could not be saved like this.")
    items: list[ShownItem]
    next: int | None


class RuleFilter(Paging):
    """Which rules."""

    name: str | None = None
    active: bool | None = None


def shown(rule: Rule, names: Names, warnings: Sequence[str] = ()) -> RuleShown:
    """A rule as the API shows it."""
    assert rule.id is not None
    first = rule.priority_store
    return RuleShown(
        id=rule.id,
        name=rule.name,
        active=rule.active,
        warehouses=names.warehouses_of(rule),
        stores=names.stores_of(rule),
        store_percentages={names.stores[store]: own for store, own in rule.stores.items() if own is not None},
        percentage=rule.percentage,
        fixed=rule.fixed,
        rounding=rule.rounding.value,
        priority_store=None if first is None else names.stores[first],
        priority_safety_stock=rule.priority_safety_stock,
        hold_back_safety_stock=rule.hold_back,
        minimum=rule.minimum,
        cap=rule.cap,
        skus=names.skus_of(rule),
        warnings=list(warnings),
    )


def shown_item(one: Shown) -> ShownItem:
    """A previewed store SKU as the API shows it."""
    return ShownItem(
        id=one.store_sku_id,
        store=one.store,
        store_sku=one.store_sku,
        sku=one.sku,
        told=one.told,
        before=one.before,
        after=one.after,
    )


@api.get("/push-rules", responses={200: Page[RuleShown]})
@needs("read")
def list_push_rules(query: RuleFilter) -> Response:
    """Push rules."""
    with services().db.read() as session:
        rules = [
            rule
            for rule in load_rules(session)
            if (query.name is None or fold(rule.name) == fold(query.name))
            and (query.active is None or rule.active is query.active)
            and (query.after is None or (rule.id or 0) > query.after)
        ]
        names = names_of(session, rules[: query.limit])
        items = [shown(rule, names) for rule in rules[: query.limit]]
        return show(Page[RuleShown](items=items, next=items[-1].id if len(rules) > query.limit else None))


@api.get("/push-rules/<int:id>", responses={200: RuleShown})
@needs("read")
def get_push_rule(path: ById) -> Response:
    """One rule."""
    with services().db.read() as session:
        return show(_show_one(session, path.id))


@api.post("/push-rules", responses={201: RuleShown})
@needs("rules.write")
def create_push_rule(body: NewRule) -> Response:
    """Make a rule. Refused where it conflicts with another that is on."""
    by, at = caller().name, clock.now()

    def work(session: Session) -> RuleShown:
        saved = service.save_rules(session, [_rule(session, body, None)], by=by, at=at)
        return _show_one(session, saved.ids[0], saved)

    return once(work, status=201)


@api.patch("/push-rules/<int:id>", responses={200: RuleShown})
@needs("rules.write")
def change_push_rule(path: ById, body: RuleChange) -> Response:
    """Change a rule, or switch it on or off."""
    by, at = caller().name, clock.now()

    def work(session: Session) -> RuleShown:
        rule = _rule(session, body, service.find_rule(session, path.id, lock=True))
        return _show_one(session, path.id, service.save_rules(session, [rule], by=by, at=at))

    return once(work)


@api.delete("/push-rules/<int:id>", responses={200: RuleShown})
@needs("rules.write")
def delete_push_rule(path: ById) -> Response:
    """Delete a rule: what it governed keeps the figures that the stores show."""
    by, at = caller().name, clock.now()

    def work(session: Session) -> RuleShown:
        gone = _show_one(session, path.id)
        service.save_rules(session, [], removed=[path.id], by=by, at=at)
        return gone

    return once(work)


@api.post("/push/preview", responses={200: Preview})
@needs("read")
def preview_push(body: PreviewWanted) -> Response:
    """What every store would show before and after, were this rule saved or this upload applied (PSH-12); an upload for
    those who may validate one. Writes nothing."""
    if body.upload is not None:
        require("upload.validate")  # trying some of them is as much work as applying, and others wait for it
    services().previews.count(f"user:{caller().user_id}")
    if body.upload is not None:
        found = previewing.preview(services().db, services().settings, body.upload)
        return show(_preview(found, body))
    with services().db.read() as session:
        known = None if body.id is None else service.find_rule(session, body.id)
        rule = _rule(session, body, known)
        verdict = service.judge(session, [rule], load_rules(session))
        if verdict.wrong:
            raise WrongUse(verdict.wrong[0].text, errors=[problem.facts() for problem in verdict.wrong])
        warnings = verdict.sentences().get(rule.name, [])
        refused = [problem.facts() for problem in verdict.refused]
        return show(_preview(preview_rules(session, [rule]), body, warnings, refused))


def _preview(
    found: Sequence[Shown],
    body: PreviewWanted,
    warnings: Sequence[str] = (),
    refused: Sequence[dict[str, Any]] = (),
) -> Preview:
    page = [one for one in found if body.after is None or one.store_sku_id > body.after][: body.limit + 1]
    return Preview(
        counts={"listings": len(found), "changing": sum(one.changes for one in found)},
        warnings=list(warnings),
        problems=list(refused),
        items=[shown_item(one) for one in page[: body.limit]],
        next=page[body.limit - 1].store_sku_id if len(page) > body.limit else None,
    )


def _show_one(session: Session, rule_id: int, saved: service.Saved | None = None) -> RuleShown:
    rule = service.find_rule(session, rule_id)
    return shown(rule, names_of(session, [rule]), saved.warnings.get(rule.name, []) if saved else ())


def _rule(session: Session, body: RuleChange, known: Rule | None) -> Rule:
    """The rule that a body describes, on top of the one that is there."""
    return drafted(session, known, {name: getattr(body, name) for name in body.model_fields_set})
