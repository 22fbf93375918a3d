"""One step per change of schema, forward only."""
