"""Gives memory that is not needed any more back to the system.

Python takes memory by the megabyte, and gives one back when nothing at all is left in it. While thousands of sessions
live, the little that the process itself goes on with is made anew among them: the table of running tasks, what the
event loop keeps for later use. When they have ended, each such piece still holds the megabyte that it lies in. And a
table that has held thousands keeps the room for them.
"""
