"""The names and codes behind the numbers in rules, for people and workbooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.catalog.models import MerchantSku
from server.db.bulk import NUMBER, relation
from server.places.models import Warehouse
from server.push.rules import Rule
from server.stores.models import Store


@dataclass(frozen=True)
class Names:
    """Names by number."""

    stores: Mapping[int, str]
    warehouses: Mapping[int, str]
    skus: Mapping[int, str]

    def warehouses_of(self, rule: Rule) -> list[str]:
        """The rule's source warehouses, by code."""
        return sorted(self.warehouses[number] for number in rule.warehouses if number in self.warehouses)

    def stores_of(self, rule: Rule) -> list[str]:
        """The rule's stores, by name."""
        return sorted(self.stores[number] for number in rule.stores)

    def skus_of(self, rule: Rule) -> list[str]:
        """The SKUs in the rule's scope, by code."""
        return sorted(self.skus[number] for number in rule.skus if number in self.skus)


def names_of(session: Session, rules: Iterable[Rule]) -> Names:
    """What the rules' stores, warehouses and SKUs are called, those that are not deleted; three statements."""
    scope = sorted({sku for rule in rules for sku in rule.skus})
    with relation(session, {"id": NUMBER}, [(sku,) for sku in scope]) as wanted:
        codes = select(MerchantSku.id, MerchantSku.code).join(wanted, wanted.c.id == MerchantSku.id)
        skus = dict(session.execute(codes.where(MerchantSku.deleted_at.is_(None))).all())
    living = select(Warehouse.id, Warehouse.code).where(Warehouse.deleted_at.is_(None))
    return Names(
        stores=dict(session.execute(select(Store.id, Store.name)).all()),
        warehouses=dict(session.execute(living).all()),
        skus=skus,
    )
