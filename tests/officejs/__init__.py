"""The Office add-in: its manifest, its icons, its scripts."""
