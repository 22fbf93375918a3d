"""A workbook as people get it back: what they handed in, with status, message, colours and notes (WB-6)."""
