"""A page that loses its connection and comes back."""
