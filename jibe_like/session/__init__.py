"""Who lives how long: sessions, the connections of their pages, the tokens that name them. No server library."""
