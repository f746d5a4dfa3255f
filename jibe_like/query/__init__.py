"""Applications that are one function, which answers queries (H2O Wave): `@app("/") async def serve(q: Query)`."""

from jibe_like.session.auth.auth import Auth

from .application import QueryApp
from .context import Q, Query
from .decorator import app
from .expando import Expando
from .routing import handle_on, on, run_on
from .site import Site

__all__ = ["Auth", "Expando", "Q", "Query", "QueryApp", "Site", "app", "handle_on", "on", "run_on"]
