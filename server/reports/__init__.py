"""Reports: what is in the database as workbooks with tables and charts, streamed row by row (REP-1, REP-2)."""
