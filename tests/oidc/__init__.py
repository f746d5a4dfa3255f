"""A real OpenID provider for the tests, and somebody who signs in there."""
