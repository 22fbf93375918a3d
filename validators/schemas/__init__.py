"""One file per workbook of WB-2."""
