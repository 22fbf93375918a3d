"""What can be scheduled, and how often unless told otherwise. The only file of this room that knows other rooms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from server import clock
from server.access import request_keys
from server.errors import Refused, WrongUse
from server.imports import flow as imports
from server.jobs import housekeeping
from server.jobs.kinds import Catalogue, Counts, JobContext, JobFunction, JobKind, Progress
from server.operations import refresh
from server.push import flow as push
from server.push import service as push_service
from server.reports import delivering
from server.stores.queries import store_named
from server.sync import flow as sync
from server.sync import importing, inbox
from server.sync.reading import Synced
from server.uploads import expiring, pipeline

NEWS_KEPT_DAYS = 30
EVALUATIONS_KEPT_DAYS = 90
#: How many corrected figures a run names; the audit log has all of them.
_NAMED = 20


def sync_orders(context: JobContext) -> Counts:
    """Read what changed in the stores' orders (all stores, or those named in `stores`)."""
    done = sync.sync_orders(
        context.db,
        context.settings,
        by=context.by,
        store_ids=_stores(context),
        progress=lambda store: context.progress(0, text=store),
    )
    return _counts(context, done)


def sync_products(context: JobContext) -> Counts:
    """Read the stores' listings, keep them as store SKUs, map those that match, and see that webhooks reach us."""
    done = sync.sync_products(
        context.db,
        context.settings,
        by=context.by,
        store_ids=_stores(context),
        progress=lambda store: context.progress(0, text=store),
    )
    return _counts(context, done)


def import_store(context: JobContext) -> Counts:
    """Import the stores named in `stores`: listings, mappings, and the first one's quantities (CH-2)."""
    stores = _stores(context)
    if not stores:
        raise WrongUse("say which store to import: stores=[name]", field="stores")
    counts: Counter[str] = Counter()
    for store_id in stores:
        done = importing.import_store(
            context.db,
            context.settings,
            store_id,
            by=context.by,
            progress=lambda text: context.progress(0, text=text),
        )
        counts.update(done.counts)
    return dict(counts)


def refresh_inventory(context: JobContext) -> Counts:
    """Figures back to the sums of their movements, out-of-stock orders tried, every push target evaluated (STK-11)."""
    context.progress(0, 2, "comparing every figure with its movements")
    done = refresh.refresh_inventory(context.db, by=context.by)
    said = [one.text for one in done.differences[:_NAMED]]
    more = len(done.differences) - len(said)
    context.progress(2, 2, "; ".join([*said, *([f"and {more} more, in the audit log"] if more else [])]))
    return {
        "differences": len(done.differences),
        "orders_tried": done.tried.tried,
        "to_pack": done.tried.to_pack,
        "skus": done.marked,
    }


def retention(context: JobContext) -> Counts:
    """Forget what is only kept for a time. Movements, audit lines and the history of uploads are never forgotten here;
    the files that were handed in are, after `upload_files_days`."""
    before = clock.now() - timedelta(days=EVALUATIONS_KEPT_DAYS)
    counts = context.db.write(housekeeping.tidy)
    counts |= {
        "request_keys": _in_bites(context, "request keys", request_keys.forget_old),
        "news": _in_bites(context, "news", lambda session: inbox.forget_old(session, NEWS_KEPT_DAYS)),
        "evaluations": _in_bites(
            context, "evaluations", lambda session: push_service.forget_evaluations(session, before=before)
        ),
        "upload_files": expiring.forget_files(context.db, context.settings, stopping=context.stopping),
    }
    pipeline.recover(context.db, all_of_them=False)  # left behind by another server that is gone
    return {what: number for what, number in counts.items() if number}


def _in_bites(context: JobContext, what: str, forget: Callable[[Session], int]) -> int:
    """In bites: a day of pushing can be millions of them, and nobody may wait that long to write."""
    forgotten = 0
    while not context.stopping():
        gone = context.db.write(forget)
        forgotten += gone
        if not gone:
            break
        context.progress(forgotten, text=what)
    return forgotten


def push_all(context: JobContext) -> Counts:
    """One round of what the worker does all the time: evaluate what changed, send what is due."""
    return push.tick(context.db, context.settings)


def retry_refused(context: JobContext) -> Counts:
    """Try again what stores refused for good, with the quantity of now (PSH-10)."""
    at = clock.now()
    tried = context.db.write(lambda session: push_service.retry(session, by=context.by, at=at))
    return {"listings": tried}


def write_reports(context: JobContext) -> Counts:
    """The reports named in `reports` as files in `folder` (REP-2). Says which can't be made; fails if none can."""
    order = delivering.order_of(context.arguments)
    done = delivering.deliver(
        context.db, context.settings, order, by=context.by, tell=context.progress, stopping=context.stopping
    )
    said = [f"{name}: {reason}" for name, reason in done.failed.items()]
    if said and not done.files:
        raise Refused("; ".join(said))
    if said:
        context.progress(len(order.names), len(order.names), "; ".join(said))
    counts = {"reports": len(done.files), "rows": done.rows, "removed": done.removed, "failed": len(done.failed)}
    return {what: number for what, number in counts.items() if number}


def import_files(context: JobContext) -> Counts:
    """Take the files that lie in a scheduled import's place (JOB-2). Fails where none of them could be dealt with."""
    done = imports.run(
        context.db,
        context.settings,
        record_of(context.arguments),
        progress=context.progress,
        stopping=context.stopping,
        alone=True,  # as every run of a job of this kind is
    )
    counts = {what: number for what, number in done.counts.items() if number}
    more = len(done.said) - _NAMED
    said = [*done.said[:_NAMED], *([f"and {more} more"] if more > 0 else [])]
    none_done = set(counts) == {"trouble"}
    if counts:  # instead of the name of the file that was last at work
        context.progress(done.counts.total(), done.counts.total(), "" if none_done else "\n".join(said))
    if none_done:
        raise Refused("\n".join(said))
    return counts


def record_of(arguments: Mapping[str, Any]) -> int:
    """The number of the scheduled import in a job's arguments. Raises `WrongUse` where they name none."""
    number = arguments.get("import")
    if not isinstance(number, int) or isinstance(number, bool) or set(arguments) != {"import"}:
        raise WrongUse("a scheduled import's job has its number as 'import' and nothing else", field="import")
    return number


def _stores(context: JobContext) -> Sequence[int] | None:
    names: Any = context.arguments.get("stores")
    if not names:
        return None
    with context.db.read() as session:
        return [store_named(session, str(name)).id for name in names]


def _counts(context: JobContext, done: Synced) -> Counts:
    """What to record of a sync; the run says which stores could not be read and why, which orders could not be taken in
    or not as they were told, and which listings fit several merchant SKUs (CAT-10). Stores fail it only when none could
    be read. One that found nothing new counts nothing, so that it is not kept for long."""
    said = [f"{store}: {reason}" for store, reason in done.failed.items()]
    if said and not done.stores:
        raise Refused("; ".join(said))
    said += [f"not taken in, {text}" for text in done.left[:_NAMED]]
    said += done.odd[:_NAMED]
    said += [f"not mapped, {text}" for text in done.ambiguous[:_NAMED]]
    if said:
        context.progress(done.stores, done.stores, "; ".join(said))
    lists = {"ambiguous": done.ambiguous, "odd": done.odd, "left": done.left, "failed": done.failed}
    news = {"new": done.new, "changed": done.changed, "mapped": done.mapped}
    news |= {name: len(some) for name, some in lists.items()}
    if not any(news.values()):
        return {}
    counts = {"stores": done.stores, "same": done.same, "ignored": done.ignored, **news}
    return {name: number for name, number in counts.items() if number}


#: Every kind this server can run.
CATALOGUE = Catalogue()
register = CATALOGUE.register

register("sync_orders", "Read orders from the stores", sync_orders, default_every_seconds=60, at_start=True)
register("sync_products", "Read listings from the stores and map them", sync_products, default_every_seconds=3600)
register(
    "import_store",
    "Import a store: its listings and mappings, the first one's quantities",
    import_store,
    default_every_seconds=24 * 3600,
    default_active=False,
)
register(
    "refresh",
    "Set figures to the sums of their movements, try waiting orders, evaluate what stores show",
    refresh_inventory,
    default_every_seconds=24 * 3600,
    default_active=False,
)
register("push", "Evaluate what changed and send what is due, once", push_all, default_every_seconds=300)
register(
    "retry",
    "Try again what stores refused for good",
    retry_refused,
    default_every_seconds=24 * 3600,
    default_active=False,
)
register(
    "reports",
    "Write reports into a folder",
    write_reports,
    default_every_seconds=24 * 3600,
    default_active=False,
    check=delivering.order_of,
)
register(
    "import",
    "Take files from a watched place",
    import_files,
    default_every_seconds=300,
    check=record_of,
    of_records=True,
)
register("retention", "Forget what is only kept for a time", retention, default_every_seconds=3600)

__all__ = ["CATALOGUE", "Catalogue", "Counts", "JobContext", "JobFunction", "JobKind", "Progress", "register"]
