"""The only list of handlers: template id -> handler."""

from __future__ import annotations

from server.uploads.handlers.protocol import Handler
from server.uploads.handlers.quantity_update import QuantityUpdate
from server.uploads.handlers.stock_in import StockIn
from server.uploads.handlers.stock_out import StockOut

_HANDLERS: tuple[Handler, ...] = (QuantityUpdate(), StockIn(), StockOut())

HANDLERS: dict[str, Handler] = {handler.workbook.id: handler for handler in _HANDLERS}
