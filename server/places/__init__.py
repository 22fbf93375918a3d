"""Warehouses, shelves, safety stock (WH)."""
