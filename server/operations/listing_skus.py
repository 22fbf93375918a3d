"""A merchant SKU for each listing: the one it fits, or one made from it (CH-2, CAT-10, CAT-11)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.catalog import queries, service
from server.catalog.records import NewSku
from server.catalog.writing import gtin_owners
from server.db.base import fold
from server.stores.mapping import Traits, fitting
from server.stores.models import Store
from validators.messages import Finding
from validators.values.hygiene import LONGEST_SKU, gtin_error, sku_error, sku_warnings

MAX_TITLE = 255


@dataclass(frozen=True)
class Proposal:
    """The merchant SKU of a listing: one that is there (`sku_id`), or one to be made; None: `note` says why not."""

    sku: str | None
    sku_id: int | None = None
    note: str = ""

    @property
    def makes(self) -> bool:
        """Whether the SKU is to be made."""
        return self.sku is not None and self.sku_id is None


def propose(session: Session, store: Store, listings: Mapping[str, Traits], *, make: bool) -> dict[str, Proposal]:
    """By store SKU: the merchant SKU that the listing fits by the store's own rule, else, with `make`, a new one of
    its code. Reads only.

    An ambiguous listing gets none (CAT-10). Listings whose codes differ in case only share one new SKU.
    """
    fits = fitting(session, store, listings)
    others = queries.outlines_by_code(session, [code for code in listings if code not in fits])
    found: dict[str, Proposal] = {}
    names: dict[str, str] = {}
    for code in listings:
        some = fits.get(code, [])
        if len(some) == 1:
            found[code] = Proposal(some[0][1], some[0][0])
        elif some:
            named = ", ".join(sku for _, sku in some[:5])
            found[code] = Proposal(None, note=f"fits {named}; map it by hand")
        elif not make:
            found[code] = Proposal(None, note="fits no merchant SKU; map it, or create one")
        elif fold(code) in others:
            found[code] = Proposal(None, note=f"there is a SKU '{others[fold(code)].code}' already; map it by hand")
        else:
            found[code] = _new(code, names)
    return found


def make_skus(
    session: Session, proposals: Mapping[str, Proposal], listings: Mapping[str, Traits], *, by: str, at: datetime
) -> dict[str, int]:
    """Make the SKUs that are to be made, with the listing's name and GTIN; gives every proposed SKU's number by store
    SKU. A GTIN that is none, or belongs to another SKU, is left away (CAT-4)."""
    new: dict[str, Traits] = {}
    for code, proposal in proposals.items():
        if proposal.makes:
            assert proposal.sku is not None
            new.setdefault(proposal.sku, listings[code])
    free = _free_gtins(session, new.values())
    skus = [NewSku(code=sku, title=traits.name[:MAX_TITLE], gtins=_gtins(traits, free)) for sku, traits in new.items()]
    made = dict(zip(new, service.create(session, skus, by=by, at=at), strict=True))
    return {
        code: made[proposal.sku] if proposal.sku_id is None else proposal.sku_id
        for code, proposal in proposals.items()
        if proposal.sku is not None
    }


def _new(code: str, names: dict[str, str]) -> Proposal:
    """A SKU of the store SKU's code; `names` keeps the spelling that came first."""
    problem = sku_error(code.strip())
    if problem is not None:
        return Proposal(None, note=Finding(problem, facts={"length": len(code.strip()), "limit": LONGEST_SKU}).text)
    name = names.setdefault(fold(code), code.strip())
    said = [Finding(warning, facts=facts).text for warning, facts in sku_warnings(name)]
    return Proposal(name, note=" ".join(said))


def _free_gtins(session: Session, listings: Iterable[Traits]) -> set[str]:
    """Folded GTINs that no SKU has; one that several of these listings tell belongs to the first."""
    told = {fold(traits.gtin) for traits in listings if gtin_error(traits.gtin.strip()) is None}
    return told - gtin_owners(session, told).keys()


def _gtins(traits: Traits, free: set[str]) -> list[str]:
    key = fold(traits.gtin)
    if key not in free:
        return []
    free.discard(key)
    return [traits.gtin.strip()]
