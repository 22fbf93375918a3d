"""What must be told to the stores: written with the change itself, worked off later (PSH-10)."""
