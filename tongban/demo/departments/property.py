"""The property register: an HTTP service that takes the holder's number in a JSON body and wants an API key."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tongban.demo.departments.process import Answer, place, serve


def find(titles: Mapping[str, Any], key: str, headers: Mapping[str, str], body: Any) -> Answer:
    """The holder's title, 404 where there is none, 401 without the key."""
    if not hmac.compare_digest(headers.get("X-Api-Key", ""), key):
        return 401, {"error": "unknown key"}
    number = body.get("holderIdNo") if isinstance(body, dict) else None
    title = titles.get(number) if isinstance(number, str) else None
    return (200, {"code": 0, "data": {"estate": title}}) if title else (404, {"code": 404, "data": None})


def api_key(folder: Path) -> str:
    """The key this department handed to the exchange's operator."""
    return (folder / "api-key").read_text(encoding="utf-8").strip()


def main() -> None:
    """Serve ``POST /estate/query``."""
    here = place()
    titles = {title["holder_number"]: title for title in here.world["titles"]}
    key = api_key(here.folder)

    def handler(path: str, headers: Mapping[str, str], body: Any) -> Answer:
        return find(titles, key, headers, body) if path == "/estate/query" else (404, {"error": "no such path"})

    serve(here, handler)


if __name__ == "__main__":
    main()
