"""Where snapshots of sessions live. Knows bytes, names and times; nothing of what the bytes mean."""
