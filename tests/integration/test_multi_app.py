"""Several applications on one server, each at its name."""
