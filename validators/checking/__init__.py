"""A raw sheet in, a typed frame with every finding out: `steps.check`."""
