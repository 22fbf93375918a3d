"""One value: read by its column's kind, tidied, judged. Pure: nothing here knows of sheets or of rows."""
