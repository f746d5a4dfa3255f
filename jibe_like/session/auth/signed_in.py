"""An application's users."""

from typing import TYPE_CHECKING, Any

from ..connection import Connection
from ..current import current_connection
from ..state.scoped import Lent
from .auth import Auth

if TYPE_CHECKING:
    from ..session import Session


class SignedIn:
    """The part of an application that knows who acts."""

    if TYPE_CHECKING:
        connection: Connection | None
        session: Session | None

    @Lent
    def auth(self) -> Auth:
        """Who acts: whose event is being handled, else for whom the application was made (docs/sign-in.md)."""
        page = _page(self)
        return page.auth if page is not None else Auth()

    def sign_out(self) -> None:
        """Signs the user out who acts. Their pages show nothing of this any more. Does nothing for anybody else."""
        page, sign_in = _page(self), self.auth.sign_in
        if page is None or sign_in is None or sign_in.keeper is None or self.session is None:
            return
        if page.is_open:
            self.session.page_call(["go", sign_in.keeper.way_out(page.visit.path, sign_in)], page)
            self.session.flush()
            # Else it would be told that it is nobody's any more, and turn round on the way.
            page.close(reason="signed out")
        else:
            sign_in.keeper.end(sign_in, signed_out=True)


def _page(app: Any) -> Connection | None:
    """The page that acts; else one of the visitor for whom the application was made."""
    acting, session, made_for = current_connection(), app.session, app.connection
    if acting is not None and (session is None or acting.session is session):
        return acting
    pages: list[Connection] = list(session.connections.values()) if session is not None else []
    for page in reversed(pages):
        if made_for is None or page.visit.identity == made_for.visit.identity:
            return page
    return made_for if isinstance(made_for, Connection) else None
