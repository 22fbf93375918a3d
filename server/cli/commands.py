"""The list of all commands. A module is imported only when a command of it is used: a start costs what it needs."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup


class Entry(NamedTuple):
    """Where a command lives, and what the list of commands says of it without looking there."""

    module: str
    what: str


#: By subject, as `--help` shows them. A test holds each sentence to what the command says of itself.
TABLE: dict[str, dict[str, Entry]] = {
    "Run it": {
        "serve": Entry("serving", "Answer requests and run jobs, until Ctrl-C."),
        "worker": Entry("serving", "Run jobs only, until Ctrl-C."),
        "demo": Entry(
            "demo", "A server, a sandbox store and, the first time, an example company. Ctrl-C stops everything."
        ),
        "sandbox": Entry("serving", "A small marketplace to try everything with; keeps its state."),
        "certificate": Entry(
            "certificate", "Make a certificate for `serve --tls`: for localhost, and for names of your own."
        ),
        "job": Entry("jobs", "Jobs: what runs by itself."),
        "import": Entry("imports", "Scheduled imports: workbooks that appear in a watched place."),
    },
    "The database": {
        "init": Entry("database", "Prepare the database and make the first admin. A second time changes nothing."),
        "upgrade": Entry("database", "Bring the database up to date, after a backup of what is there."),
        "backup": Entry("database", "Write a backup while the server runs, and check it."),
        "verify-ledger": Entry("database", "Compare every figure with the sum of its movements; 1 if any differs."),
    },
    "Workbooks": {
        "template": Entry("uploads", "Templates: the workbooks to fill in."),
        "upload": Entry("uploads", "Validate or apply a workbook; 1 if rows, or all of it, were refused."),
        "undo": Entry("uploads", "Take back what an upload applied: all of it or nothing."),
        "history": Entry("uploads", "Uploads, newest first."),
        "result": Entry("uploads", "What came of an upload, row by row; with -o the result workbook."),
        "preview": Entry("uploads", "What every store would show before and after, were an upload applied."),
        "report": Entry("report", "Reports as workbooks, with tables and charts."),
    },
    "Stock": {
        "stock": Entry(
            "stock",
            "Figures per SKU and warehouse, now or as of a past moment; of a combination what its components allow.",
        ),
        "movements": Entry("stock", "Posted movements, newest first."),
        "stock-list": Entry("stock_lists", "Stock-in and stock-out lists: to do until they are completed."),
        "transfer": Entry("transfers", "Transfers between warehouses: on the way until they are received."),
        "stock-count": Entry("counts", "Stock counts: drafts until completing posts the differences."),
        "refresh": Entry(
            "stock",
            "Set figures to the sums of their movements, try out-of-stock orders, evaluate what every store shows.",
        ),
    },
    "SKUs and places": {
        "sku": Entry("sku", "Merchant SKUs, combinations among them."),
        "warehouse": Entry("warehouse", "Warehouses: the places that hold stock."),
        "shelf": Entry("places", "Shelves, and what lies on them."),
        "safety-stock": Entry("places", "Safety stock: below it a SKU is in the low-stock report."),
    },
    "Orders": {
        "order": Entry("orders", "Orders, and what can be done to them."),
        "return": Entry("returns", "Returns: what comes back of orders."),
    },
    "Stores and pushes": {
        "store": Entry("store", "Stores: the shops whose stock is kept here."),
        "mapping": Entry("mapping", "Mappings: which merchant SKU a store's listing sells."),
        "sync": Entry("sync", "Read what is new from the stores."),
        "push-rule": Entry("push_rules", "Push rules: how much of which warehouses each store shows."),
        "push": Entry("push", "Push: tell the stores what is available."),
        "explain": Entry("push", "Why a store SKU shows what it shows."),
    },
    "People and settings": {
        "user": Entry("users", "Users and their roles."),
        "token": Entry("tokens", "API tokens."),
        "audit": Entry("audit", "Who changed what, newest first."),
        "setting": Entry("switches", "Settings that are on or off."),
    },
    "For developers": {
        "reference": Entry("reference", "For developers: write the reference pages of docs from the code."),
    },
}


class Commands(TyperGroup):
    """All commands. Until one of them is used it is its line of `TABLE` and no more."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._modules: dict[str, str] = {}
        for subject, entries in TABLE.items():
            for name, entry in entries.items():
                self.add_command(TyperCommand(name, help=entry.what, rich_help_panel=subject))
                self._modules[name] = entry.module

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that was asked for, in full."""
        name, _, rest = super().resolve_command(ctx, args)
        return name, self.load(name or ""), rest

    def load(self, name: str) -> Any:
        """A command of `TABLE` out of its module."""
        return self.offered(self._modules[name])[name]

    def load_all(self) -> dict[str, Any]:
        """Every command in full, by name."""
        return {name: self.load(name) for name in self._modules}

    def offered(self, module: str) -> dict[str, Any]:
        """The commands of a module, by name."""
        commands = typer.Typer()
        import_module(f"server.cli.{module}").add_to(commands)
        return dict(typer.main.get_group(commands).commands)
