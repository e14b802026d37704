"""Return flow over HTTP: own rows only, granted fields only, piece by piece, each file with its receipt."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import Any

import pytest

from connectors.base import Query
from connectors.errors import SourceUnavailable
from exchange.return_flow import reading
from exchange.store import return_flows
from tests.doubles.exchange import (
    BASIS,
    BEFORE_FETCH,
    IDENTITY_CARD,
    OTHER_ITEM,
    POLICE,
    URBAN,
    World,
    connector,
    detail,
    grant,
    number,
    organisation,
    request,
)
from tests.unit.exchange.test_events import call, code_of, pull, subscribe

FLOWS = "/v1/return-flows"
DISTRICT = "500109"
HERE, TOWN, SPLIT, THERE = number(10), number(12), number(14), number(16)
RECORDS = [
    {"id": HERE, "name": "陈示例", "address": '一号,"东"', "division": DISTRICT},
    {"id": TOWN, "name": "李㐂", "address": "二号", "division": f"{DISTRICT}101"},
    {"id": SPLIT, "name": "王分割", "address": "三号", "division": "500112"},  # abolished, and split among several
    {"id": THERE, "name": "赵他区", "address": "四号", "division": "500103"},
]
CARDS = json.loads(json.dumps(IDENTITY_CARD))
CARDS["spec"]["schema"]["properties"]["division"] = {"type": "string"}
CARDS["spec"]["fields"]["division"] = {"label": {"zh": "区划", "en": "division"}}
CARDS["spec"]["division"] = "division"
BULK: dict[str, Any] = {
    "consumer": URBAN,
    "service_items": [OTHER_ITEM],
    "fields": ["name", "address", "citizen_number"],
    "masks": {"citizen_number": "number"},
    "absent_allowed": True,
    "own_division_only": True,
    "delivery_modes": ["bulk"],
}
ASKED: dict[str, Any] = {
    "evidence_type": "identity-card",
    "service_item": OTHER_ITEM,
    "legal_basis": BASIS,
    "fields": ["name", "address", "citizen_number"],
    "charset": "utf-8",
    "every": "daily",
}


def holds(world: World, records: list[dict[str, Any]]) -> None:
    """What the police's source holds from now on."""
    names = {"name": "name", "citizen_number": "id", "address": "address", "division": "division"}
    made = connector("identity", "identity-card", names)
    made["spec"]["memory"]["records"] = records
    world.apply(made)
    world.rooms.policy.renew()


def district(world: World, division: str = DISTRICT, **more: Any) -> World:
    """The urban department belongs to a district and holds a grant for its records in bulk."""
    world.apply(CARDS)
    owner = organisation(URBAN, "区城管局")
    owner["spec"]["division"] = division
    world.apply(owner, grant("G-BACK", **BULK | more))
    holds(world, RECORDS)
    world.approve("G-BACK")
    return world


def ask(world: World, method: str, path: str, body: Any = None) -> Any:
    return call(world, method, path, body, "urban-website")


def opened(world: World, **more: Any) -> str:
    made = ask(world, "POST", FLOWS, ASKED | more)
    assert made.status_code == 201, made.text
    return str(made.json["flow"])


def later(world: World, seconds: float) -> None:
    world.clock.advance(seconds)
    world.rooms.policy.renew()
    world.rooms.revocations.renew()


def make(world: World) -> int:
    world.rooms.policy.renew()
    return world.rooms.return_flow_making.sweep()


def files(world: World, flow: str) -> list[dict[str, Any]]:
    found = ask(world, "GET", f"{FLOWS}/{flow}/files")
    assert found.status_code == 200, found.text
    return list(found.json["files"])


def fetched(world: World, flow: str, file: dict[str, Any], charset: str = "utf-8") -> list[dict[str, str]]:
    """A whole file, every part checked against its digest."""
    content = b""
    for part in file["parts"]:
        answer = ask(world, "GET", f"{FLOWS}/{flow}/files/{file['number']}/parts/{part['number']}")
        assert answer.status_code == 200, answer.text
        assert (hashlib.sha256(answer.data).hexdigest(), len(answer.data)) == (part["sha256"], part["size"])
        content += answer.data
    digest = hashlib.sha256("\n".join(part["sha256"] for part in file["parts"]).encode()).hexdigest()
    assert digest == file["digest"]
    return [*csv.DictReader(io.StringIO(content.decode(charset), newline=""))]


def names(rows: list[dict[str, str]]) -> dict[str, str]:
    return {row["name"]: row["_change"] for row in rows}


def test_a_district_gets_its_own_rows_the_granted_fields_and_a_receipt(world: World) -> None:
    district(world)
    events = subscribe(world, "urban-website", events=["tongban.return-flow.file-ready"], evidence_types=[])
    flow = opened(world)
    assert make(world) == 1
    (file,) = files(world, flow)
    assert (file["kind"], file["rows"], file["division"]) == ("snapshot", 2, DISTRICT)
    assert "tlog-proof@v1" in file["receipt"]
    rows = fetched(world, flow, file)
    assert names(rows) == {"陈示例": "present", "李㐂": "present"}
    assert {row["address"] for row in rows} == {'一号,"东"', "二号"}
    assert all("*" in row["citizen_number"] for row in rows)
    assert [*rows[0]] == file["columns"] == ["_row", "_change", "name", "address", "citizen_number", "_disputed"]
    world.rooms.distribution.round()
    (event,) = pull(world, events, client="urban-website")["events"]
    assert event["data"] == {"flow": flow, "file": 1}
    made, loaded = world.events("ReturnFlowFileMade"), world.events("ReturnFlowDownloaded")
    assert (len(made), len(loaded)) == (1, 1)
    assert made[0]["facts"]["digest"] == file["digest"]
    assert loaded[0]["facts"]["digest"] == file["parts"][0]["sha256"]
    officer: dict[str, Any] = {"sub": "p", "roles": ["provider-officer"], "organisation": POLICE}
    for person, own in ((HERE, 1), (THERE, 0)):
        token = world.issuer.token(world.holder, person=person, scope="usage")
        mine = world.call("GET", "/v1/usage", token).json["return_flows"]
        assert len(mine) == own
    token = world.issuer.token(world.holder, person=HERE, scope="usage")
    (mine,) = world.call("GET", "/v1/usage", token).json["return_flows"]
    assert mine["receipt"] == file["receipt"]
    assert "区城管局成批取回本区划的身份证" in mine["sentence"]["zh"]
    assert mine["index"] == world.entries().index(made[0])
    (seen,) = world.officer("GET", "/v1/provider/usage", **officer).json["return_flows"]
    assert (seen["consumer"], seen["division"], seen["files"], seen["rows"]) == (URBAN, DISTRICT, 1, 2)
    written = json.dumps(world.entries(), ensure_ascii=False)
    assert all(record["name"] not in written for record in RECORDS)


def test_a_later_file_holds_what_changed_and_names_what_is_gone(world: World) -> None:
    district(world)
    flow = opened(world)
    make(world)
    before = {row["name"]: row["_row"] for row in fetched(world, flow, files(world, flow)[0])}
    moved = RECORDS[1] | {"division": "500103"}
    holds(world, [RECORDS[0] | {"address": "五号"}, moved, RECORDS[2], RECORDS[3] | {"division": DISTRICT}])
    assert make(world) == 0  # not due yet
    later(world, 86_400)
    assert make(world) == 1
    first, second = files(world, flow)
    assert (second["kind"], second["rows"]) == ("changes", 3)
    rows = fetched(world, flow, second)
    assert [(row["name"], row["_change"]) for row in rows] == [
        ("陈示例", "changed"),
        ("赵他区", "added"),
        ("", "removed"),
    ]
    assert rows[0]["_row"] == before["陈示例"]
    assert rows[2]["_row"] == before["李㐂"]
    later(world, 86_400)
    make(world)
    assert files(world, flow)[2]["rows"] == 0
    assert fetched(world, flow, files(world, flow)[2]) == []
    assert first["receipt"] != second["receipt"]


def test_a_whole_municipality_gets_what_lies_below_it_also_where_a_district_is_gone(small_world: World) -> None:
    world = district(small_world, "500000")
    flow = opened(world)
    make(world)
    assert names(fetched(world, flow, files(world, flow)[0])).keys() == {record["name"] for record in RECORDS}


def test_a_department_of_a_division_that_is_gone_gets_nothing(small_world: World) -> None:
    world = district(small_world, "500112")
    assert code_of(ask(world, "POST", FLOWS, ASKED)) == "return-flow.not-granted"


def test_gb_18030_is_written_as_declared(small_world: World) -> None:
    world = district(small_world)
    flow = opened(world, charset="gb18030")
    make(world)
    assert "李㐂" in names(fetched(world, flow, files(world, flow)[0], "gb18030"))


NOT_ENOUGH: tuple[dict[str, Any], ...] = (
    {"delivery_modes": ["asynchronous"]},
    {"delivery_modes": None},
    {"own_division_only": False},
    {"absent_allowed": False},
    {"obligations": ["notify-citizen:P1D"]},
    {"quota_per_day": 10},
    {"fields": ["name"], "masks": {}},
)


def test_only_a_grant_that_says_bulk_own_division_and_nobody_present_makes_a_flow(small_world: World) -> None:
    world = district(small_world)
    assert code_of(call(world, "POST", FLOWS, ASKED)) == "return-flow.not-granted"  # another department's grant
    for terms in NOT_ENOUGH:
        said = {name: value for name, value in (BULK | terms).items() if value is not None}
        world.apply(grant("G-BACK", **said))
        world.approve("G-BACK")
        assert code_of(ask(world, "POST", FLOWS, ASKED)) == "return-flow.not-granted", terms


def test_a_bulk_grant_answers_no_request_about_one_person_and_no_request_names_bulk(small_world: World) -> None:
    world = district(small_world)
    case = world.open_case((HERE, "applicant"), client="urban-website", item=OTHER_ITEM)
    item = {"type": "identity-card", "fields": ["name"]}
    body = request(case, item) | {"service_item": OTHER_ITEM}
    claims = {"authorization_details": detail(case, item, item=OTHER_ITEM)}
    for way, code in (("direct", "policy.delivery-not-granted"), ("bulk", "request.invalid")):
        token = world.issuer.token(world.holder, "urban-website", person=HERE, **claims)
        asked = world.call("POST", "/v1/evidence-requests", token, body | {"delivery": way})
        assert (asked.json.get("code") or asked.json["evidence"][0]["problem"]["code"]) == code, asked.text


def test_when_the_right_ends_nothing_is_made_and_nothing_fetched(small_world: World) -> None:
    world = district(small_world)
    flow = opened(world)
    make(world)
    (file,) = files(world, flow)
    world.revoke("G-BACK")
    refused = ask(world, "GET", f"{FLOWS}/{flow}/files/1/parts/1")
    assert code_of(refused) == "return-flow.not-granted"
    later(world, 86_400)
    assert make(world) == 0
    assert ask(world, "GET", FLOWS).json["flows"][0]["trouble"] == "not-granted"
    assert world.events("ReturnFlowDownloaded") == []
    assert file["number"] == 1


def test_another_grant_means_another_snapshot_and_the_old_file_is_closed(small_world: World) -> None:
    world = district(small_world)
    flow = opened(world)
    make(world)
    world.apply(grant("G-BACK", **BULK | {"masks": {"citizen_number": "number", "address": "last4"}}))
    world.approve("G-BACK")
    assert code_of(ask(world, "GET", f"{FLOWS}/{flow}/files/1/parts/1")) == "return-flow.not-granted"
    later(world, 86_400)
    make(world)
    second = files(world, flow)[1]
    assert second["kind"] == "snapshot"
    assert all("*" in row["address"] for row in fetched(world, flow, second))


def test_somebody_sealed_is_in_no_file_and_is_not_said_to_be_gone(small_world: World) -> None:
    world = district(small_world)
    flow = opened(world)
    make(world)
    sealed(world, HERE)
    assert code_of(ask(world, "GET", f"{FLOWS}/{flow}/files/1/parts/1")) == "return-flow.not-granted"
    holds(world, [RECORDS[0] | {"address": "五号"}, RECORDS[1]])
    later(world, 86_400)
    make(world)
    assert fetched(world, flow, files(world, flow)[1]) == []
    again = opened(world)
    make(world)
    assert names(fetched(world, again, files(world, again)[0])).keys() == {"李㐂"}


def sealed(world: World, person: str) -> None:
    what = {
        "subject": {"scheme": "citizen-number", "value": person},
        "citation": {"zh": "演示规定第九条", "en": "Demo rules, article 9"},
        "until": "2027-12-01",
    }
    officer: dict[str, Any] = {"sub": "p", "roles": ["provider-officer"], "organisation": POLICE}
    assert world.officer("POST", "/v1/sealings", what, **officer).status_code == 201
    world.rooms.policy.renew()


def test_a_file_that_holds_somebody_sealed_is_closed_though_a_later_one_says_that_they_are_gone(
    small_world: World,
) -> None:
    world = district(small_world)
    flow = opened(world)
    make(world)
    holds(world, [RECORDS[0]])
    later(world, 86_400)
    make(world)
    assert names(fetched(world, flow, files(world, flow)[1])) == {"": "removed"}
    sealed(world, TOWN)
    assert code_of(ask(world, "GET", f"{FLOWS}/{flow}/files/1/parts/1")) == "return-flow.not-granted"
    assert ask(world, "GET", f"{FLOWS}/{flow}/files/2/parts/1").status_code == 200  # nothing of them is in this one


def in_bulk(world: World, person: str) -> list[dict[str, Any]]:
    """What a person reads of return flows."""
    token = world.issuer.token(world.holder, person=person, scope="usage")
    return list(world.call("GET", "/v1/usage", token).json["return_flows"])


def test_whoever_was_in_a_flow_reads_of_it_after_they_left_it_and_after_it_was_ended(small_world: World) -> None:
    world = district(small_world)
    flow = opened(world)
    make(world)
    ((first,), (town,)) = (in_bulk(world, person) for person in (HERE, TOWN))
    assert (first["until"], town["until"]) == (None, None)
    holds(world, [RECORDS[0]])
    later(world, 86_400)
    make(world)
    (left,) = in_bulk(world, TOWN)
    assert (left["until"], left["receipt"]) == (world.clock.now().isoformat(), town["receipt"])
    assert "2026年11月24日 17:30以前其中有您的记录" in left["sentence"]["zh"]
    holds(world, RECORDS)
    later(world, 86_400)
    make(world)
    assert names(fetched(world, flow, files(world, flow)[2])) == {"李㐂": "added"}
    (back,) = in_bulk(world, TOWN)
    assert (back["until"], back["receipt"]) == (None, files(world, flow)[2]["receipt"])
    newest = files(world, flow)[2]["receipt"]
    assert ask(world, "POST", f"{FLOWS}/{flow}/end").json["status"] == "ended"
    for person in (HERE, TOWN):
        (told,) = in_bulk(world, person)
        assert (told["until"], told["receipt"]) == (world.clock.now().isoformat(), newest)
    assert in_bulk(world, THERE) == []
    with world.outside.database.read() as connection:
        kept = connection.exec_driver_sql("SELECT DISTINCT content FROM return_flow_row").scalars().all()
    assert [bytes(one) for one in kept] == [b""]
    for days, seen in ((1090, 1), (10, 0)):
        later(world, days * 86_400)
        world.rooms.return_flow_making.prune()
        assert len(in_bulk(world, HERE)) == seen


def test_a_child_is_in_no_file_before_it_is_fourteen(small_world: World) -> None:
    world = district(small_world)
    child = {"id": number(20, "2012-11-24"), "name": "陈小样", "address": "一号", "division": DISTRICT}
    holds(world, [RECORDS[0], child])
    flow = opened(world)
    make(world)
    (first,) = files(world, flow)
    assert (names(fetched(world, flow, first)), first["unreadable"]) == ({"陈示例": "present"}, 0)
    later(world, 86_400)
    make(world)
    assert names(fetched(world, flow, files(world, flow)[1])) == {"陈小样": "added"}


def test_what_cannot_be_read_is_counted_and_not_said_to_be_gone(small_world: World) -> None:
    world = district(small_world)
    flow = opened(world)
    make(world)
    holds(world, [{"id": HERE, "division": DISTRICT}, RECORDS[1], {"id": "not a number", "name": "?"}])
    later(world, 86_400)
    make(world)
    second = files(world, flow)[1]
    assert (second["rows"], second["unreadable"]) == (0, 2)


def test_a_node_that_dies_anywhere_loses_nothing_and_doubles_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is one transaction: whoever takes over goes on behind the last piece."""
    monkeypatch.setattr(reading, "AT_ONCE", 1)
    district(world, "500000")
    flow = opened(world)
    seen = []

    def dies(query: Query) -> None:
        seen.append(query.subject.value)
        if len(seen) in (2, 4):
            raise SystemExit

    BEFORE_FETCH.append(dies)
    for _ in range(2):
        with pytest.raises(SystemExit):
            make(world)
        assert files(world, flow) == []
        assert make(world) == 0  # still the dead node's
        later(world, 301)
    assert make(world) == 1
    (file,) = files(world, flow)
    assert (file["rows"], len(file["parts"])) == (4, 4)
    assert len(fetched(world, flow, file)) == 4
    assert len(world.events("ReturnFlowFileMade")) == 1
    assert len(seen) == 6  # nobody before the last piece was asked for again


def test_a_source_that_is_down_is_asked_again_and_the_file_goes_on(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "AT_ONCE", 1)
    world = district(small_world)
    flow = opened(world)
    seen = []

    def down(query: Query) -> None:
        seen.append(query)
        if len(seen) == 2:
            raise SourceUnavailable("down")

    BEFORE_FETCH.append(down)
    assert make(world) == 0
    assert ask(world, "GET", FLOWS).json["flows"][0]["trouble"] == "source-SourceUnavailable"
    later(world, 601)
    assert make(world) == 1
    assert len(fetched(world, flow, files(world, flow)[0])) == 2
    assert ask(world, "GET", FLOWS).json["flows"][0]["trouble"] is None


def test_what_waits_is_encrypted_goes_after_thirty_days_and_with_the_flow(small_world: World) -> None:
    world = district(small_world)
    flow, other = opened(world), opened(world, every="monthly")
    make(world)
    with world.outside.database.read() as connection:
        part = return_flows.part(connection, flow, 1, 1)
    assert part is not None
    assert "陈示例".encode() not in part.sealed
    assert ask(world, "POST", f"{FLOWS}/{flow}/end").json["status"] == "ended"
    assert code_of(ask(world, "GET", f"{FLOWS}/{flow}/files")) == "return-flow.unknown"
    with world.outside.database.read() as connection:
        assert return_flows.parts(connection, flow, 1) == []
    later(world, 31 * 86_400)
    world.rooms.return_flow_making.prune()
    assert code_of(ask(world, "GET", f"{FLOWS}/{other}/files/1/parts/1")) == "return-flow.unknown-file"
    assert files(world, other)[0]["parts"] == []


def test_a_flow_belongs_to_its_system_and_bad_names_are_refused(small_world: World) -> None:
    world = district(small_world)
    flow = opened(world)
    make(world)
    for path in ("files", "files/1/parts/1"):
        assert code_of(call(world, "GET", f"{FLOWS}/{flow}/{path}")) == "return-flow.unknown"
    assert code_of(call(world, "POST", f"{FLOWS}/{flow}/end")) == "return-flow.unknown"
    for path in (
        "files/2/parts/1",
        "files/1/parts/2",
        "files/x/parts/1",
        "files/1/parts/-1",
        f"files/{'9' * 40}/parts/1",
    ):
        assert code_of(ask(world, "GET", f"{FLOWS}/{flow}/{path}")) == "return-flow.unknown-file"
    for wrong in (
        {"fields": []},
        {"fields": ["../x"]},
        {"charset": "utf-16"},
        {"every": "hourly"},
        {"evidence_type": "X"},
        {"more": 1},
    ):
        assert code_of(ask(world, "POST", FLOWS, ASKED | wrong)) == "request.invalid"
    assert code_of(ask(world, "POST", FLOWS, ASKED | {"fields": ["unheard_of"]})) == "return-flow.not-granted"
    assert code_of(ask(world, "GET", f"{FLOWS}/{flow}/files?after=x")) == "request.invalid"
