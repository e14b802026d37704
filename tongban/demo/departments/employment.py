"""Employment and social insurance at the human-resources bureau: an HTTP service with nested answers."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from tongban.demo.departments.process import Answer, has_key, place, serve

MEMBERS = {
    "/registrations": "owner",
    "/contributions": "person",
    "/enrolments/query": "person",
    "/cards/query": "person",
}
"""What can be asked for, and by which member of the body."""


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
        "cbd": paid["area"],
        "jfyf": [month[:7].replace("-", "") + "01" for month in paid["months"]],
        "ljje": paid["total"],
        "asOf": paid["updated"],
    }


class Bureau:
    """What the bureau has on record."""

    def __init__(self, world: Mapping[str, Any]) -> None:
        self.accounts = [contributions(entry) for entry in world["contributions"]]
        self.known: dict[str, dict[str, Any]] = {
            "/registrations": {entry["owner"]: registration(entry) for entry in world["employments"]},
            "/enrolments/query": {},
            "/cards/query": {},
        }
        self.commands = {"/enrolments": self.enrol, "/cards": self.give_card}

    def find(self, path: str, body: Any) -> Answer:
        """The record somebody asks for."""
        asked = body.get(MEMBERS.get(path, "")) if isinstance(body, dict) else None
        if not isinstance(asked, str):
            return 400, {"error": "POST /registrations with {owner}, the others with {person}"}
        if path == "/contributions":
            return self.paid(asked, body.get("area"))
        return (200, self.known[path][asked]) if asked in self.known[path] else (404, {"error": "not registered"})

    def paid(self, person: str, area: object) -> Answer:
        """Somebody's accounts; that of one area where it is named. Who moved between areas may have two."""
        found = [one for one in self.accounts if one["sfzh"] == person and area in (None, one["cbd"])]
        return (200, {"accounts": found}) if found else (404, {"error": "not registered"})

    def enrol(self, body: Mapping[str, Any]) -> Answer:
        """Insure whoever stands in a household; once."""
        number, household = body.get("number"), body.get("household")
        if not isinstance(number, str) or not isinstance(household, str):
            return 400, {"error": "POST /enrolments with {number, household}"}
        enrolments = self.known["/enrolments/query"]
        serial = f"YB{len(enrolments) + 1:08d}"
        enrolments.setdefault(number, {"ybbh": serial, "hh": household, "cbrq": today(), "asOf": now()})
        return 201, {"status": "enrolled"}

    def give_card(self, body: Mapping[str, Any]) -> Answer:
        """A card for whoever has this insurance; once."""
        holders = [who for who, one in self.known["/enrolments/query"].items() if one["ybbh"] == body.get("insurance")]
        if not holders:
            return 409, {"error": "nobody has this insurance"}
        cards = self.known["/cards/query"]
        cards.setdefault(holders[0], {"kh": f"SB{len(cards) + 1:08d}", "fkrq": today(), "asOf": now()})
        return 201, {"status": "issued"}


def now() -> str:
    """This moment, as this bureau writes it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def today() -> str:
    """This day, yyyyMMdd."""
    return now()[:10].replace("-", "")


def main() -> None:
    """Serve the exchange's questions, and what a partner with the key hands on."""
    here = place()
    bureau = Bureau(here.world)

    def handler(path: str, headers: Mapping[str, str], body: Any) -> Answer:
        if path not in bureau.commands:
            return bureau.find(path, body)
        if not has_key(here, headers) or not isinstance(body, dict):
            return 401, {"error": "unknown key"}
        return bureau.commands[path](body)

    serve(here, handler)


if __name__ == "__main__":
    main()
