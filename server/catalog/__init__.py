"""Merchant SKUs, their GTINs, and combinations (CAT)."""
