"""A page that reads nothing costs the server little, and the others nothing."""
