"""Serves the gallery: `python -m sample_apps.gallery`."""

import os

from . import Gallery

Gallery.run(int(os.environ.get("PORT", "8881")))
