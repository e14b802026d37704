"""The property bureau's own way into its register: it registers a new holder, and mends an entry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests


class NotRegistered(Exception):
    """The register did not do it: it holds no such title in force."""


class Registrar:
    """Whoever keeps the register, with the key that the bureau was given (``register.json`` in its folder)."""

    def __init__(self, folder: Path) -> None:
        self.register = json.loads((folder / "register.json").read_text(encoding="utf-8"))

    def transfer(self, title: str, number: str, name: str) -> str:
        """The number of the new title that somebody holds in place of an old one. Raises NotRegistered."""
        return str(self._do("transfer", {"title": title, "holderIdNo": number, "holderName": name})["title"])

    def rectify(self, title: str, area: str) -> None:
        """Write the right area into a title. Raises NotRegistered."""
        self._do("rectify", {"title": title, "area": area})

    def _do(self, what: str, body: Mapping[str, str]) -> dict[str, Any]:
        answer = requests.post(
            f"{self.register['origin']}/estate/{what}",
            json=dict(body),
            headers={"X-Api-Key": self.register["key"]},
            timeout=10,
        )
        if not answer.ok:
            raise NotRegistered(f"{what}: {answer.status_code}")
        return dict(answer.json())
