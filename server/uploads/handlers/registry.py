"""The only list of handlers: template id -> handler."""

from __future__ import annotations

from server.uploads.handlers.combinations import Combinations
from server.uploads.handlers.mapping import MappingRows
from server.uploads.handlers.order_actions import OrderActions
from server.uploads.handlers.protocol import Handler
from server.uploads.handlers.push_rules import PushRules
from server.uploads.handlers.quantity_update import QuantityUpdate
from server.uploads.handlers.returns import ReturnRows
from server.uploads.handlers.safety_stock import SafetyStockAndShelf
from server.uploads.handlers.shelves import Shelves
from server.uploads.handlers.sku_create import SkuCreate
from server.uploads.handlers.sku_update import SkuUpdate
from server.uploads.handlers.stock_count import StockCountRows
from server.uploads.handlers.stock_in import StockIn
from server.uploads.handlers.stock_out import StockOut
from server.uploads.handlers.transfer import TransferRows
from server.uploads.handlers.warehouses import Warehouses

_HANDLERS: tuple[Handler, ...] = (
    Combinations(),
    SkuCreate(),
    SkuUpdate(),
    QuantityUpdate(),
    StockIn(),
    StockOut(),
    TransferRows(),
    StockCountRows(),
    MappingRows(),
    Warehouses(),
    Shelves(),
    SafetyStockAndShelf(),
    OrderActions(),
    ReturnRows(),
    PushRules(),
)

HANDLERS: dict[str, Handler] = {handler.workbook.id: handler for handler in _HANDLERS}
