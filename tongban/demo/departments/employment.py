"""Employment registrations at the human-resources bureau: an HTTP service with a nested answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tongban.demo.departments.process import Answer, place, serve


def registration(employment: Mapping[str, Any]) -> dict[str, Any]:
    """One employer's registration in this bureau's own shape."""
    staff = [
        {"xm": worker["name"], "sfzh": worker["number"], "rzrq": worker["since"]} for worker in employment["staff"]
    ]
    return {
        "employer": {"title": employment["employer"], "ownerId": employment["owner"]},
        "staff": staff,
        "count": len(staff),
        "asOf": employment["updated"],
    }


def main() -> None:
    """Serve ``POST /registrations``."""
    here = place()
    known = {entry["owner"]: registration(entry) for entry in here.world["employments"]}

    def handler(path: str, _headers: Mapping[str, str], body: Any) -> Answer:
        owner = body.get("owner") if isinstance(body, dict) else None
        if path != "/registrations" or not isinstance(owner, str):
            return 400, {"error": "POST /registrations with {owner}"}
        return (200, known[owner]) if owner in known else (404, {"error": "not registered"})

    serve(here, handler)


if __name__ == "__main__":
    main()
