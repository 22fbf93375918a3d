"""Asking the stores for news, and being told it (CH-5)."""
