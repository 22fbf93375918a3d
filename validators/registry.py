"""The only list of templates: id -> Workbook, in the order people meet them (WB-2)."""

from __future__ import annotations

from validators.schemas import (
    combinations,
    mapping,
    order_actions,
    push_rules,
    quantity_update,
    returns,
    safety_stock,
    shelves,
    sku_create,
    sku_update,
    stock_count,
    stock_in,
    stock_out,
    transfer,
    warehouses,
)
from validators.workbooks import Workbook

_MODULES = (
    sku_create,
    sku_update,
    combinations,
    mapping,
    warehouses,
    shelves,
    safety_stock,
    quantity_update,
    stock_in,
    stock_out,
    transfer,
    stock_count,
    order_actions,
    returns,
    push_rules,
)

WORKBOOKS: dict[str, Workbook] = {module.WORKBOOK.id: module.WORKBOOK for module in _MODULES}
