"""Sign-in: who a visitor is, by an OpenID provider, a password, or the word of a proxy."""
