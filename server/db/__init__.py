"""The database: how it is opened, how a transaction begins and ends, and bulk rows for both kinds."""
