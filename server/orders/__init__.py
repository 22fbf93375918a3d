"""Orders: what the stores sold, and the stock each line holds (ORD)."""
