"""What stands between a person's spreadsheet and the server: it talks to the server over HTTP only."""
