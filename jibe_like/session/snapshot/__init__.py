"""A document as bytes and back: code by reference, live things named, what cannot be stored found."""
