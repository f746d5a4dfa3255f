"""The protocol: what goes over the socket, in both directions. docs/protocol.md describes it."""
