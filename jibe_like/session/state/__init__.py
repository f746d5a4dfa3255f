"""Shared values: what applications keep in a `State`, who hears of its changes, and where it lives."""
