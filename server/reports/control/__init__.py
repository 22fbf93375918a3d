"""The control workbook: what waits for somebody, opened each morning, refreshed where it is open (ORD-14, ADD-1)."""
