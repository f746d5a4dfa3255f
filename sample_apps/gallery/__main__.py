"""Serves the gallery: `python -m sample_apps.gallery`."""

import os

from jibe_like.server import get_server

from . import Gallery

# Another server than that of the sample applications, of which some have their place at "/" too.
Gallery.run(int(os.environ.get("PORT", "8881")), server=get_server("gallery"))
