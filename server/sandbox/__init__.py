"""A marketplace in a box: listings, orders, webhooks, stock, faults to switch. Knows no other room."""
