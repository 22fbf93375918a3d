"""What a workbook is and whether one is right. Imports nothing of the server: no Flask, no SQLAlchemy."""
