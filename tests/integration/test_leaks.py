"""Nothing of a session stays alive after it has ended."""
