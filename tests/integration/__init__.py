"""A real Tornado server and real sockets: pages, websockets, reconnects, mounting, limits, leaks and bad input."""
