"""What the Makefile needs beyond the tools it calls; the standard library alone."""
