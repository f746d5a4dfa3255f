"""Pages that share one application: modes broadcast and multicast."""
