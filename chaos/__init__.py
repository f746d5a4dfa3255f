"""Trials of what a session survives: servers killed, networks cut, pages that do not read. `make chaos` runs them."""
