"""Scripts and style sheets that the modules of a server bring to its pages."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

_WHOLE: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)


@dataclass
class PageFiles:
    """URLs: absolute ones, or paths from the server's root."""

    scripts: list[str] = field(default_factory=list)
    module_scripts: list[str] = field(default_factory=list)
    """Scripts that are loaded as modules, after the client."""
    styles: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.scripts or self.module_scripts or self.styles)

    def seen_from(self, page: str) -> "PageFiles":
        """The same, as the page at this path has to ask for them."""
        return PageFiles(
            *(_seen_from(page, urls) for urls in (self.scripts, self.module_scripts, self.styles)),
        )


def _seen_from(page: str, urls: Iterable[str]) -> list[str]:
    return [url if _WHOLE.match(url) else relative_url(page, "/" + url.lstrip("/")) for url in urls]


def relative_url(page: str, target: str) -> str:
    """`target` as seen from `page`; both are absolute paths."""
    here, there = page.split("/")[1:-1], target.split("/")[1:]
    while here and len(there) > 1 and here[0] == there[0]:
        del here[0], there[0]
    return "../" * len(here) + "/".join(there) or "."
