"""Documents that move stock by hand: stock-in and stock-out lists, quantity updates (STK-6, STK-12)."""
