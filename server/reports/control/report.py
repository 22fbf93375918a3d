"""The control workbook as a report among the others: by ribbon, console, API, command line and schedule (REP-2)."""

from __future__ import annotations

from server.reports.control.content import NAME, TITLE
from server.reports.control.drawing import write
from server.reports.control.listing import MOST_ROWS
from server.reports.control.lists import LISTS
from server.reports.describing import Report

REPORT = Report(
    NAME,
    TITLE,
    "What waits for somebody, on one sheet with charts: orders at risk, out of stock and unmapped, low stock, failed "
    "pushes, stores, today's uploads. Load current data refreshes it.",
    tuple(one.sheet for one in LISTS),
    notes=(
        "It is looked at and not handed in; Load current data on the Stockbook tab refreshes it where it is open.",
        f"Each list shows its first {MOST_ROWS} rows and says where the others are.",
        "Refreshing writes into its own tables and figures only; sheets of your own are left alone.",
        "A day begins at midnight in UTC.",
    ),
    writer=write,
)
