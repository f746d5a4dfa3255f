"""What a server answers about itself: health, readiness, metrics."""

import re
from typing import Any

from jibe_like.settings import Settings
from jibe_like.web.health import HealthHandler, Readiness, ReadyHandler, Watched
from jibe_like.web.metrics import MetricsHandler, metrics_of


def service_rules(server: Watched, settings: Settings) -> list[Any]:
    """Tornado rules for the paths that the settings name.

    Raises SettingsError where there shall be metrics, and the package prometheus-client is not installed.
    """
    rules: list[Any] = []
    if settings.health_path:
        rules.append((re.escape(settings.health_path), HealthHandler))
    if settings.ready_path:
        rules.append((re.escape(settings.ready_path), ReadyHandler, {"readiness": Readiness(server)}))
    if settings.metrics:
        rules.append((re.escape(settings.metrics), MetricsHandler, {"metrics": metrics_of(server)}))
    return rules
