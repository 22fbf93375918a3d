"""The only list of reports. Serial numbers, their drift and purchase orders join it with their rooms."""

from __future__ import annotations

from server.errors import NotFound
from server.reports import (
    inventory,
    low_stock,
    movement_list,
    orders,
    oversell,
    push_failures,
    push_log,
    sales,
    sku_health,
    stock_value,
    unmapped,
    uploads,
)
from server.reports.control import report as control
from server.reports.describing import Parameter, Report

#: Every report by its name, in the order in which people are offered them (REP-1).
REPORTS: dict[str, Report] = {
    module.REPORT.name: module.REPORT
    for module in (
        *(control, inventory, movement_list, low_stock, stock_value, oversell),
        *(push_log, push_failures, sku_health, unmapped),
        *(orders, sales, uploads),
    )
}


def report_named(name: str) -> Report:
    """The report of that name. Raises `NotFound` naming those there are."""
    if name not in REPORTS:
        raise NotFound(f"there is no report '{name[:60]}'; there are {', '.join(REPORTS)}", name=name[:60])
    return REPORTS[name]


def parameters() -> dict[str, Parameter]:
    """Every parameter that some report takes, by its name. Where reports differ in a default, the first one's."""
    return {
        parameter.name: parameter for report in reversed(REPORTS.values()) for parameter in reversed(report.parameters)
    }
