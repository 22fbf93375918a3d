"""One file per template: what exists for its rows, and its plan as calls on a room's service."""
