"""The socket of a page: how it starts, what goes over it, what a handler may do."""
