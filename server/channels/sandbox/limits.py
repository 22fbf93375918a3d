"""The sandbox's limits as data (CH-7)."""

from __future__ import annotations

from server.channels.protocol import Limits

#: half of what the marketplace allows by default, so that a second reader of the same shop fits beside us
LIMITS = Limits(products_page=500, orders_page=100, stock_batch=1000, rate_per_second=50, burst=20)

#: how old or how far ahead a webhook's own time may be
WEBHOOK_WINDOW_SECONDS = 300
TICKETS_A_CALL = 200
