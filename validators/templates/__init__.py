"""A workbook as people download it: the sheets, drop-downs and checks they type into (WB-3, WB-4)."""
