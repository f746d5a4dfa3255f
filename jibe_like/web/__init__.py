"""The server: pages, sockets, files. The only room that knows Tornado."""
