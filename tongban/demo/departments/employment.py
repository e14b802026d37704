"""Employment and social insurance at the human-resources bureau: an HTTP service with nested answers."""

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


def contributions(paid: Mapping[str, Any]) -> dict[str, Any]:
    """The months one person paid for, in this bureau's own shape."""
    return {
        "sfzh": paid["number"],
        "jfyf": [month[:7].replace("-", "") + "01" for month in paid["months"]],
        "ljje": paid["total"],
        "asOf": paid["updated"],
    }


def main() -> None:
    """Serve ``POST /registrations`` and ``POST /contributions``."""
    here = place()
    known = {
        "/registrations": {entry["owner"]: registration(entry) for entry in here.world["employments"]},
        "/contributions": {entry["number"]: contributions(entry) for entry in here.world["contributions"]},
    }
    members = {"/registrations": "owner", "/contributions": "person"}

    def handler(path: str, _headers: Mapping[str, str], body: Any) -> Answer:
        member = members.get(path, "")
        asked = body.get(member) if isinstance(body, dict) else None
        if not isinstance(asked, str):
            return 400, {"error": "POST /registrations with {owner}, or /contributions with {person}"}
        return (200, known[path][asked]) if asked in known[path] else (404, {"error": "not registered"})

    serve(here, handler)


if __name__ == "__main__":
    main()
