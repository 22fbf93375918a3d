"""A marketplace in a box: listings, orders, webhooks, batch stock updates and faults to switch. Knows no other room."""
