"""Stores, their store SKUs and mappings, their credentials (CH, CAT-8)."""
