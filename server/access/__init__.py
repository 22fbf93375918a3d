"""Users, roles, tokens; who did what; a request's key."""
