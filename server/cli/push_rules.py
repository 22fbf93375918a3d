"""push-rule list|show|add|change|remove|preview."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from server import clock
from server.cli.opening import actor, database
from server.cli.output import AsJson, complain, record, say, table
from server.cli.previews import print_preview
from server.errors import NotFound, WrongUse
from server.push import service
from server.push.drafting import drafted
from server.push.naming import Names, names_of
from server.push.preview import preview_rules
from server.push.rulebook import load_rules
from server.push.rules import Rounding, Rule
from validators.columns import name_and_percentage

group = typer.Typer(help="Push rules: how much of which warehouses each store shows.", no_args_is_help=True)

_LIST = ("name", "active", "warehouses", "stores", "percentage", "fixed", "skus")
_MANY = ("warehouses", "stores", "skus")


def _whole(text: str) -> int:
    digits = text.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 9):
        raise ValueError("a whole number")
    return int(text)


def _percentage(text: str) -> Decimal:
    """WB-15: 50 is 50 %, and nobody means half a per cent by 0.5."""
    try:
        given = Decimal(text.removesuffix("%").strip())
    except InvalidOperation:
        given = Decimal("NaN")
    if not given.is_finite():
        raise ValueError("a percentage such as 50")
    if 0 < given < 1:
        raise ValueError("a percentage from 1 on: write 50 for 50 %")
    return given


def _yes_no(text: str) -> bool:
    if text.lower() not in ("yes", "no"):
        raise ValueError("yes or no")
    return text.lower() == "yes"


def _rounding(text: str) -> str:
    if text not in list(Rounding):
        raise ValueError("one of " + ", ".join(Rounding))
    return text


#: What `--set` takes, and how each is read.
_READ: dict[str, Callable[[str], Any]] = {
    "percentage": _percentage,
    "fixed": _whole,
    "rounding": _rounding,
    "minimum": _whole,
    "cap": _whole,
    "priority_store": str,
    "priority_safety_stock": _whole,
    "hold_back_safety_stock": _yes_no,
}
#: What `--clear` takes, and what is there then.
_EMPTY: dict[str, Any] = {"minimum": None, "cap": None, "priority_store": None, "skus": []}

Name = Annotated[str, typer.Argument(help="The rule's name.")]
Warehouses = Annotated[list[str] | None, typer.Option("--warehouse", help="A source warehouse; give all of them.")]
Stores = Annotated[
    list[str] | None,
    typer.Option("--store", help="A target store, as NAME or, with its own percentage, NAME=80; give all of them."),
]
Skus = Annotated[list[str] | None, typer.Option("--sku", help="Only for these SKUs; give all of them.")]
Active = Annotated[bool | None, typer.Option("--on/--off", help="Whether it governs anything.")]
Values = Annotated[list[str] | None, typer.Option("--set", help=f"A value, as name=value. Names: {', '.join(_READ)}.")]
Clear = Annotated[list[str] | None, typer.Option("--clear", help=f"A value to empty: {', '.join(_EMPTY)}.")]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(group, name="push-rule")


@group.command("list")
def list_rules(
    active: Annotated[bool | None, typer.Option("--on/--off", help="Only those that are on, or off.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every push rule."""
    with database() as found, found.db.read() as session:
        rules = [rule for rule in load_rules(session) if active is None or rule.active is active]
        names = names_of(session, rules)
        rows = [_facts(rule, names) for rule in rules]
    table(rows if as_json else [_joined(row) for row in rows], as_json=as_json, columns=_LIST)


@group.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """One push rule with every value."""
    with database() as found, found.db.read() as session:
        rule = service.rule_named(session, name)
        facts = _facts(rule, names_of(session, [rule]))
    _print(facts, as_json=as_json)


@group.command()
def add(
    name: Name,
    store: Stores = None,
    warehouse: Warehouses = None,
    sku: Skus = None,
    active: Active = None,
    values: Values = None,
    as_json: AsJson = False,
) -> None:
    """Make a push rule: on, 100 %, rounded down, for all SKUs unless told otherwise."""
    if not store or not warehouse:
        raise WrongUse("a new rule needs --store and --warehouse")
    given = {"name": name, **_given(store, warehouse, sku, active, values, None)}
    _save(lambda session: drafted(session, None, given), as_json=as_json)


@group.command()
def change(
    name: Name,
    new_name: Annotated[str | None, typer.Option("--name", help="What it is called from now on.")] = None,
    store: Stores = None,
    warehouse: Warehouses = None,
    sku: Skus = None,
    active: Active = None,
    values: Values = None,
    clear: Clear = None,
    as_json: AsJson = False,
) -> None:
    """Change a push rule, or switch it on or off; what is not named stays."""
    given = {"name": new_name, **_given(store, warehouse, sku, active, values, clear)}
    _save(lambda session: drafted(session, service.rule_named(session, name, lock=True), given), as_json=as_json)


@group.command()
def remove(name: Name) -> None:
    """Delete a push rule: what it governed keeps the figures that the stores show."""

    def work(session: Session) -> None:
        number = service.rule_named(session, name).id
        assert number is not None
        service.save_rules(session, [], removed=[number], by=actor(), at=clock.now())

    with database() as found:
        found.db.write(work)
    say(f"push rule '{name}' is deleted")


@group.command()
def preview(
    name: Annotated[str, typer.Argument(help="The rule that would be changed, or the name of a new one.")],
    store: Stores = None,
    warehouse: Warehouses = None,
    sku: Skus = None,
    active: Active = None,
    values: Values = None,
    clear: Clear = None,
    as_json: AsJson = False,
) -> None:
    """What every store would show before and after, were the rule saved like this; writes nothing."""
    given = _given(store, warehouse, sku, active, values, clear)
    with database() as found, found.db.read() as session:
        rule = drafted(session, _known(session, name), {"name": name, **given})
        verdict = service.judge(session, [rule], load_rules(session))
        if verdict.wrong:
            raise WrongUse(verdict.wrong[0].text, errors=[problem.facts() for problem in verdict.wrong])
        rows = preview_rules(session, [rule])
    problems = [problem.text for problem in verdict.refused]
    print_preview(rows, warnings=verdict.sentences().get(rule.name, []), problems=problems, as_json=as_json)


def _save(draft: Callable[[Session], Rule], *, as_json: bool) -> None:
    def work(session: Session) -> dict[str, Any]:
        rule = draft(session)
        saved = service.save_rules(session, [rule], by=actor(), at=clock.now())
        found = service.find_rule(session, saved.ids[0])
        return {**_facts(found, names_of(session, [found])), "warnings": saved.warnings.get(rule.name, [])}

    with database() as found:
        facts = found.db.write(work)
    warnings = facts["warnings"] if as_json else facts.pop("warnings")
    _print(facts, as_json=as_json)
    complain(*(f"warning: {text}" for text in warnings))


def _known(session: Session, name: str) -> Rule | None:
    try:
        return service.rule_named(session, name)
    except NotFound:
        return None


def _given(
    stores: Sequence[str] | None,
    warehouses: Sequence[str] | None,
    skus: Sequence[str] | None,
    active: bool | None,
    values: Iterable[str] | None,
    clear: Iterable[str] | None,
) -> dict[str, Any]:
    """What the options say, by the names that rules are drafted from."""
    given: dict[str, Any] = {"warehouses": warehouses or None, "skus": skus or None, "active": active}
    if stores:
        own = dict(map(name_and_percentage, stores))
        if any(part is not None and 0 < part < 1 for part in own.values()):
            raise WrongUse("--store: a percentage is a plain number: write NAME=50 for 50 %")
        given["stores"] = list(own)
        given["store_percentages"] = {name: part for name, part in own.items() if part is not None}
    for text in values or ():
        name, _, word = text.partition("=")
        given[name.strip()] = _read(name.strip(), word.strip(), text)
    for name in clear or ():
        if name not in _EMPTY:
            raise WrongUse(f"--clear: '{name[:60]}' can't be emptied; {', '.join(_EMPTY)} can")
        given[name] = _EMPTY[name]
    return given


def _read(name: str, word: str, text: str) -> Any:
    if name not in _READ or not word:
        raise WrongUse(f"--set: '{text[:100]}' is not name=value with a name out of {', '.join(_READ)}")
    try:
        return _READ[name](word)
    except ValueError as error:
        raise WrongUse(f"--set {name}: '{word[:60]}' is not {error}") from None


def _facts(rule: Rule, names: Names) -> dict[str, Any]:
    """A rule by the names that the API gives its fields."""
    first = rule.priority_store
    own = {names.stores[store]: _number(part) for store, part in rule.stores.items() if part is not None}
    return {
        "id": rule.id,
        "name": rule.name,
        "active": rule.active,
        "warehouses": names.warehouses_of(rule),
        "stores": names.stores_of(rule),
        "store_percentages": own,
        "percentage": _number(rule.percentage),
        "fixed": rule.fixed,
        "rounding": rule.rounding.value,
        "priority_store": None if first is None else names.stores[first],
        "priority_safety_stock": rule.priority_safety_stock,
        "hold_back_safety_stock": rule.hold_back,
        "minimum": rule.minimum,
        "cap": rule.cap,
        "skus": names.skus_of(rule),
    }


def _number(percentage: Decimal) -> int | float:
    return int(percentage) if percentage == int(percentage) else float(percentage)


def _joined(facts: Mapping[str, Any]) -> dict[str, Any]:
    """For people: names side by side, each store with the percentage of its own."""
    own = facts["store_percentages"]
    stores = [f"{name}={own[name]}" if name in own else name for name in facts["stores"]]
    return {**facts, **{name: ", ".join(facts[name]) for name in _MANY}, "stores": ", ".join(stores)}


def _print(facts: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        record(facts, as_json=True)
        return
    shown = _joined(facts)
    del shown["store_percentages"]
    record({**shown, "skus": shown["skus"] or "all"}, as_json=False)
