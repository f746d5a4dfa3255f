"""Applications that a notebook serves."""
