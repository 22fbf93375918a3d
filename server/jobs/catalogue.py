"""What can be scheduled, and how often unless told otherwise. The only file of this room that knows other rooms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server.jobs import housekeeping
from server.jobs.kinds import Catalogue, Counts, JobContext, JobFunction, JobKind, Progress
from server.stores.queries import store_named
from server.sync import flow as sync
from server.sync import inbox
from server.sync.flow import Synced

NEWS_KEPT_DAYS = 30


def sync_orders(context: JobContext) -> Counts:
    """Read what changed in the stores' orders (all stores, or those named in `stores`)."""
    done = sync.sync_orders(
        context.db,
        context.settings,
        by=context.by,
        store_ids=_stores(context),
        progress=lambda store: context.progress(0, text=store),
    )
    return _counts(done)


def sync_products(context: JobContext) -> Counts:
    """Read the stores' listings, keep them as store SKUs, map those that match, and see that webhooks reach us."""
    done = sync.sync_products(
        context.db,
        context.settings,
        by=context.by,
        store_ids=_stores(context),
        progress=lambda store: context.progress(0, text=store),
    )
    return _counts(done)


def retention(context: JobContext) -> Counts:
    """Forget what is only kept for a time. Movements, audit lines and uploads are never forgotten here."""
    counts = context.db.write(housekeeping.tidy)
    news = context.db.write(lambda session: inbox.forget_old(session, NEWS_KEPT_DAYS))
    return {**counts, **({"news": news} if news else {})}


def _stores(context: JobContext) -> Sequence[int] | None:
    names: Any = context.arguments.get("stores")
    if not names:
        return None
    with context.db.read() as session:
        return [store_named(session, str(name)).id for name in names]


def _counts(done: Synced) -> Counts:
    """What to record of a sync. A store that could not be read fails the run only when no store could be."""
    counts = {name: getattr(done, name) for name in ("stores", "new", "changed", "same", "ignored", "mapped")}
    return {
        **{name: number for name, number in counts.items() if number},
        **({"failed": len(done.failed)} if done.failed else {}),
    }


#: Every kind this server can run.
CATALOGUE = Catalogue()
register = CATALOGUE.register

register("sync_orders", "Read orders from the stores", sync_orders, default_every_seconds=60)
register("sync_products", "Read listings from the stores and map them", sync_products, default_every_seconds=3600)
register("retention", "Forget old runs, answered request keys and handled news", retention, default_every_seconds=3600)

__all__ = ["CATALOGUE", "Catalogue", "Counts", "JobContext", "JobFunction", "JobKind", "Progress", "register"]
