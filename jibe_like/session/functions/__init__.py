"""What applications call in the current session: downloads, JavaScript, the visitor, threads of their own."""
