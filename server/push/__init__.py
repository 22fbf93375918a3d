"""What every store should show, and telling it (PSH)."""
