"""`python -m server COMMAND`: one file per group of commands, over the same services as the API."""
