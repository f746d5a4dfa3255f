"""Work beside the events: tasks, threads, schedules, and the way back to the event loop."""
