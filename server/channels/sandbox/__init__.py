"""The sandbox channel: a marketplace that runs beside Stockbook, so that all can be tried without an account."""
