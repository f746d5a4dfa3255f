"""What every record of this package's loggers says beside its text: whom and what it is about."""

import logging
from typing import Final

from .current import ACTING

LOGGERS: Final = tuple(f"jibe_like{name}" for name in ("", ".auth", ".session", ".store", ".tree", ".web"))
"""Their names."""
FIELDS: Final = ("session", "user", "widget", "event")
"""What a record has, each a str and empty where nobody knows: the session's id, the visitor's or user's identity, the
widget's identifier and the name of the event."""


def about(session: str = "", *, user: str = "", widget: str = "", event: str = "") -> dict[str, str]:
    """For `extra=`, where the record is about another session than the current one, or about more than that."""
    fields = {"session": session, "user": user, "widget": widget, "event": event}
    return {name: value for name, value in fields.items() if value}


class _Fields(logging.Filter):
    """Fills in what is not said, from the session that is at work."""

    def filter(self, record: logging.LogRecord) -> bool:
        session, connection = ACTING.get() or (None, None)
        known = vars(record)
        is_other = session is not None and known.get("session", session.id) != session.id
        if session is not None:
            known.setdefault("session", session.id)
        if connection is not None and not is_other:
            known.setdefault("user", connection.visit.identity)
        for name in FIELDS:
            known.setdefault(name, "")
        return True


_fields: Final = _Fields()
for _name in LOGGERS:
    logging.getLogger(_name).addFilter(_fields)
