"""A program that runs an application: how it starts, and how it ends."""
