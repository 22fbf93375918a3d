"""The few settings that users change while it runs."""
