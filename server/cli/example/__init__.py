"""The example company of the first `make run`: what it is, how it is loaded, and who orders there."""
