"""The first response: the tree as HTML, its headers, its cookie, and what happens when it cannot be made."""
