"""Applications in their place: prefixes, several on one server, behind a proxy, over TLS, by hand."""
