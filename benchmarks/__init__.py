"""How fast jibe_like is beside a bare Tornado handler that does the same. `python -m benchmarks` runs all of it."""
