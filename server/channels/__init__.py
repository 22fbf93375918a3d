"""Marketplaces: what every channel can do, and one folder for each. No database, no Flask."""
