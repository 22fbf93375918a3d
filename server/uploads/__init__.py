"""Workbooks handed in: validated, applied, undone (WB)."""
