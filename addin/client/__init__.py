"""What every add-in in Python shares: calls to the server, its outcome, and how that is painted. Knows no Excel."""
