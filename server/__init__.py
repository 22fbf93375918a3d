"""The companion server. Rooms are ranked: each imports only rooms below it (docs/architecture.md)."""
