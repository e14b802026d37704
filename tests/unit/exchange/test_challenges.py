"""A use that was not theirs: said from the entry, answered with a reason by who used it, in time, read in the log."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

from exchange.console import challenges as words
from kernel.identifiers import subject
from policies.challenges import events
from policies.challenges.commands import NAMES, TABLE, EscalateChallenge
from policies.challenges.events import ChallengeState, Status, Use
from policies.challenges.lifecycle import decide, open_to
from policies.proceedings import NotAllowed, capacities
from policies.roles import Officer, Role
from tests.doubles.browser import form_of
from tests.doubles.exchange import BASIS, ITEM, MARKET, NAME, OWNER, POLICE, STRANGER, URBAN, World
from tests.doubles.manual_register import CLINIC, NURSE
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange import test_return_flow as bulk
from tests.unit.exchange.test_console_certificates import recorded
from tests.unit.exchange.test_corrections import inbox
from tests.unit.exchange.test_emergency import DELAY, opened, template, use
from tests.unit.exchange.test_open_books import usage
from tests.unit.exchange.test_request_rules import GOVERNOR, PROFILE
from tests.unit.exchange.test_responders import taken
from tests.unit.exchange.test_watching import absent

PATH = "/v1/challenges"
DAN: dict[str, Any] = {"sub": "dan", "roles": ["data-protection-officer"], "organisation": MARKET}
WEI: dict[str, Any] = {"sub": "wei", "roles": ["governance-officer"], "organisation": URBAN}
SAID = {"words": "演示：那天没有办过这件事"}
REASON = {"reason": "演示：已与窗口核对"}


def challenge(world: World, entry: Any, body: Any = SAID, person: str = OWNER) -> Any:
    token = world.issuer.token(world.holder, "portal", person=person, scope="openid usage")
    return world.call("POST", f"/v1/usage/{entry}/challenges", token, body)


def newest(world: World) -> Any:
    return usage(world, OWNER).json["entries"][0]


def challenged(world: World) -> str:
    world.ask(world.open_case(), NAME)
    answer = challenge(world, newest(world)["index"])
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def act(world: World, name: str, command: str, body: Any = REASON, **who: Any) -> Any:
    return world.officer("POST", f"{PATH}/{name}/{command}", body, **(who or DAN))


def follow(world: World, name: str, person: str = OWNER) -> Any:
    token = world.issuer.token(world.holder, "portal", person=person, scope="openid usage")
    return world.call("GET", f"/v1/usage/challenges/{name}", token)


def test_a_use_is_challenged_from_its_entry_and_answered_with_a_reason(world: World) -> None:
    case = world.open_case()
    world.ask(case, NAME)
    entry = newest(world)["index"]
    answer = challenge(world, entry)
    name = answer.json["id"]
    assert answer.headers["Location"] == f"/v1/usage/challenges/{name}"
    assert follow(world, name).json == answer.json
    assert (answer.json["status"], answer.json["organisation"]["code"], answer.json["entry"]) == ("open", MARKET, entry)
    assert follow(world, name, STRANGER).json["code"] == "challenge.unknown"
    assert [one for one in inbox(world, **DAN) if one[1] == name] == [("challenge-waits", name)]
    again = challenge(world, entry)
    assert (again.status_code, again.json["code"], again.json["challenge"]) == (409, "challenge.given", name)
    seen = world.officer("GET", f"{PATH}/{name}", **DAN).json
    assert (seen["words"], seen["case"], seen["clock"]["left"], seen["asked"]) == (SAID["words"], case, 10, ["name"])
    assert seen["commands"] == ["explain", "uphold"]
    assert act(world, name, "uphold").json["status"] == "upheld"
    told = follow(world, name).json
    assert (told["status"], told["deadline"], told["note"]) == ("upheld", None, REASON["reason"])
    first, second = usage(world, OWNER).json["entries"][:2]
    assert "异议成立" in first["sentence"]["zh"]
    assert REASON["reason"] in first["sentence"]["zh"]
    assert (second["event"], second["case"]) == ("UseChallenged", case)
    assert not any(secret in str(world.entries()) for secret in (SAID["words"], OWNER))
    assert act(world, name, "explain").json["code"] == "challenge.not-allowed"


def test_the_words_are_read_by_who_answers_alone(small_world: World) -> None:
    name = challenged(small_world)
    seen = small_world.officer("GET", f"{PATH}/{name}", **WEI).json
    assert (seen["words"], seen["commands"]) == (None, [])
    assert act(small_world, name, "explain", **WEI).json["code"] == "challenge.not-allowed"
    for who in (DAN | {"organisation": POLICE}, DAN | {"roles": ["consumer-officer"]}):
        assert small_world.officer("GET", f"{PATH}/{name}", **who).status_code in {403, 404}
        assert act(small_world, name, "explain", **who).status_code in {403, 404}
    assert small_world.officer("GET", PATH, **(DAN | {"organisation": POLICE})).json["challenges"] == []
    assert len(small_world.officer("GET", f"{PATH}?state=open&limit=1", **WEI).json["challenges"]) == 1
    assert small_world.officer("GET", f"{PATH}?state=x", **WEI).status_code == 422
    for bad in ({}, {"reason": ""}, {"reason": f"见 {OWNER}"}, {"reason": 1}):
        assert act(small_world, name, "explain", bad).status_code == 422
    assert follow(small_world, name).json["status"] == "open"


def test_a_refusal_and_a_look_by_a_clerk_are_challenged_too(small_world: World) -> None:
    case = small_world.open_case((OWNER, "applicant"))
    absent(small_world, OWNER, case)  # no grant allows it
    assert newest(small_world)["event"] == "EvidenceRefused"
    refused = challenge(small_world, newest(small_world)["index"], {})
    seen = small_world.officer("GET", f"{PATH}/{refused.json['id']}", **DAN).json
    assert (seen["event"], seen["words"], len(seen["officer"])) == ("EvidenceRefused", "", 16)


def test_nobody_answers_for_a_look_of_their_own(small_world: World) -> None:
    taken(small_world)
    shown = next(one for one in usage(small_world, OWNER).json["entries"] if one["event"] == "SubjectShown")
    name = challenge(small_world, shown["index"]).json["id"]
    officer = {"roles": ["data-protection-officer"], "organisation": CLINIC}
    own = small_world.officer("GET", f"{PATH}/{name}", sub=NURSE["sub"], **officer).json
    assert (own["organisation"]["code"], own["commands"]) == (CLINIC, [])
    mine = act(small_world, name, "explain", sub=NURSE["sub"], **officer)
    assert (mine.json["code"], mine.json["reason"]) == ("challenge.not-allowed", "challenge.own-look")
    assert act(small_world, name, "explain", sub="dora", **officer).json["status"] == "explained"


def test_nobody_answers_for_their_own_look_at_a_certificate(small_world: World) -> None:
    recorded(small_world)
    looked = next(one for one in usage(small_world, OWNER).json["entries"] if one["event"] == "CertificateLookedUp")
    name = challenge(small_world, looked["index"]).json["id"]
    officer = {"roles": ["data-protection-officer"], "organisation": POLICE}
    own = small_world.officer("GET", f"{PATH}/{name}", sub="pan", **officer).json
    assert (own["officer"], own["commands"]) == (small_world.events("CertificateLookedUp")[0]["facts"]["by"], [])
    mine = act(small_world, name, "explain", sub="pan", **officer)
    assert (mine.json["code"], mine.json["reason"]) == ("challenge.not-allowed", "challenge.own-look")
    assert act(small_world, name, "explain", sub="dora", **officer).json["status"] == "explained"


def test_only_uses_of_ones_own_log_are_challenged(small_world: World) -> None:
    small_world.ask(small_world.open_case(), NAME)
    entry = newest(small_world)["index"]
    name = challenge(small_world, entry).json["id"]
    for bad, person in ((entry, STRANGER), (99999, OWNER), ("x", OWNER), (newest(small_world)["index"], OWNER)):
        answer = challenge(small_world, bad, person=person)
        assert (answer.status_code, answer.json["code"]) == (404, "ledger.unknown-entry"), bad
    for body in ({"words": 1}, {"words": "x" * 1001}, {"words": "\u0000"}, {"x": 1}, []):
        assert challenge(small_world, entry, body).status_code in {400, 422}, body
    assert follow(small_world, "ch_none").status_code == 404
    small_world.outside.ledger.erase(subject.parse("citizen-number", OWNER))
    assert act(small_world, name, "explain").json["words"] is None


def test_nobody_probes_for_entries_that_a_statute_hides(small_world: World) -> None:
    template(small_world, emergency={"minutes": 120, "notice_delay": DELAY})
    use(small_world, *opened(small_world))
    hidden = next(at for at, one in enumerate(small_world.entries()) if one["event"] == "EvidenceReleased")
    assert challenge(small_world, hidden).status_code == 404
    small_world.clock.advance(31 * 86_400)
    small_world.rooms.policy.renew()
    small_world.rooms.revocations.renew()
    assert challenge(small_world, hidden).status_code == 201


def test_somebody_above_is_told_when_time_runs_out(small_world: World) -> None:
    name = challenged(small_world)
    small_world.clock.advance(60 * 86_400)
    for _ in range(3):
        small_world.rooms.challenge_sweep.sweep()
        small_world.rooms.challenge_sweep._day = None
    assert [entry["facts"]["percent"] for entry in small_world.events("ChallengeEscalated")] == [80, 100]
    assert ("challenge-late", name) in inbox(small_world, **WEI)
    assert small_world.officer("GET", f"{PATH}/{name}", **DAN).json["clock"]["late"]
    assert newest(small_world)["sentence"]["zh"].endswith(
        "提出的异议的答复时限已用去 100%，已提醒该部门的数据保护负责人并告知数据主管部门。"
    )


def test_it_is_said_and_answered_on_pages(small_world: World) -> None:
    small_world.ask(small_world.open_case(), NAME)
    browser = OfficersBrowser(small_world)
    browser.sign_in_as(OWNER)
    (at,) = re.findall(r'href="(/my/usage/\d+/challenge)"', browser.get("/my/usage").text)
    assert "请求查询您的身份证" in browser.get(at).text
    long = browser.press(at, words="多" * 1001)
    assert (long.status_code, "多" * 1001 in long.text) == (422, True)  # nothing typed is lost
    done = browser.press(at, **SAID)
    assert (done.status_code, "市场监管局的数据保护负责人须在 2026年12月7日 前答复" in done.text) == (200, True)
    again = browser.post(at, form_of(browser.get(at)).fields)
    assert (again.status_code, "已经提出过异议" in again.text) == (409, True)
    stranger = OfficersBrowser(small_world)
    stranger.sign_in_as(STRANGER)
    nobodys = stranger.get(at)
    assert (nobodys.status_code, "没有这一条记录" in nobodys.text) == (404, True)
    assert "直接向持有资料的部门" in nobodys.text
    own = usage(small_world, OWNER).json["entries"][0]["index"]  # that it was challenged
    no_use = browser.get(f"/my/usage/{own}/challenge")
    assert (no_use.status_code, "这一条不是一次使用" in no_use.text) == (409, True)
    assert "选择相应的查询记录" in no_use.text
    dan = OfficersBrowser(small_world, "en")
    dan.sign_in("dan", "data-protection-officer", organisation=MARKET)
    (there,) = re.findall(r'href="(/console/challenges/ch_[^"/]+)"', dan.get("/console/challenges").text)
    assert there in dan.get("/console/messages").text
    shown = dan.get(there).text
    assert SAID["words"] in shown
    assert ("演示规定第三条" in shown, BASIS in shown) == (True, False)  # the ground in words, not its code
    assert "market-website (market-website)" in shown
    assert dan.press(f"{there}/explain").status_code == 422
    assert dan.press(f"{there}/explain", **REASON).status_code == 303
    assert dan.get(f"{there}/uphold").status_code == 403
    assert "使用正当" in browser.get("/my/usage").text


def test_a_return_flow_is_challenged_by_each_whose_record_its_file_has(small_world: World) -> None:
    flow = bulk.opened(bulk.district(small_world))
    bulk.make(small_world)
    ((here,), (town,)) = (bulk.in_bulk(small_world, person) for person in (bulk.HERE, bulk.TOWN))
    assert here["index"] == town["index"]  # one file has both
    for person in (bulk.THERE, OWNER):
        nobodys = challenge(small_world, here["index"], person=person)
        assert (nobodys.status_code, nobodys.json["code"]) == (404, "ledger.unknown-entry")
    first, second = (challenge(small_world, here["index"], person=person) for person in (bulk.HERE, bulk.TOWN))
    assert (first.status_code, second.status_code) == (201, 201)
    again = challenge(small_world, here["index"], person=bulk.TOWN)
    assert (again.status_code, again.json["challenge"]) == (409, second.json["id"])
    officer = DAN | {"organisation": URBAN}
    seen = small_world.officer("GET", f"{PATH}/{first.json['id']}", **officer).json
    assert (seen["event"], seen["request"], seen["system"]) == ("ReturnFlowFileMade", flow, "urban-website")
    assert (seen["asked"], seen["officer"], seen["case"]) == (["name", "address", "citizen_number"], "", "")
    assert act(small_world, first.json["id"], "explain", **officer).json["status"] == "explained"
    assert follow(small_world, second.json["id"], bulk.TOWN).json["status"] == "open"
    assert follow(small_world, second.json["id"], bulk.HERE).status_code == 404
    told = usage(small_world, bulk.HERE).json["entries"]
    assert [one["event"] for one in told] == ["ChallengeExplained", "UseChallenged"]
    assert REASON["reason"] in told[0]["sentence"]["zh"]


def test_a_return_flow_is_challenged_on_pages(small_world: World) -> None:
    bulk.opened(bulk.district(small_world))
    bulk.make(small_world)
    browser = OfficersBrowser(small_world)
    browser.sign_in_as(bulk.HERE)
    (at,) = re.findall(r'href="(/my/usage/\d+/challenge)"', browser.get("/my/usage").text)
    assert "区城管局成批取回本区划的身份证" in browser.get(at).text
    done = browser.press(at, **SAID)
    assert (done.status_code, "区城管局的数据保护负责人须在" in done.text) == (200, True)
    dan = OfficersBrowser(small_world)
    dan.sign_in("dan", "data-protection-officer", organisation=URBAN)
    (there,) = re.findall(r'href="(/console/challenges/ch_[^"/]+)"', dan.get("/console/challenges").text)
    shown = dan.get(there).text
    for said in ("成批回流的文件中有其记录", "姓名、住址、号码"):
        assert said in shown


def test_every_state_role_and_command_is_as_the_table_says(
    small_world: World, record_property: Callable[[str, object], None]
) -> None:
    """Each cell tried against the pure core."""
    now = small_world.clock.now()
    said = dict.fromkeys(("request", "case", "system", "officer", "evidence_type", "legal_basis"), "x")
    about = Use(
        entry=1, event="EvidenceReleased", at=now, organisation=MARKET, service_item=ITEM, asked=(), relation="self",
        days=10, **said,
    )  # fmt: skip
    bodies: dict[Any, tuple[Any, ...]] = dict.fromkeys(NAMES, ("演示",)) | {EscalateChallenge: (80, now)}
    record_property("cases", len(Status) * len(Role) * len(bodies))
    for status, role, kind in itertools.product(Status, Role, bodies):
        state = ChallengeState(id="ch_1", use=about, status=status, opened_at=now, changed_at=now)
        actor, allowed = Officer("one", MARKET, frozenset({role})), bool(capacities(TABLE[status], kind, [role]))
        try:
            decide(kind(*bodies[kind]), state, actor, now)
        except NotAllowed:
            assert not allowed, (status, role, kind)
        else:
            assert allowed, (status, role, kind)
        if kind in NAMES:
            assert (NAMES[kind] in open_to(state, actor)) == allowed


def test_every_command_and_event_has_words() -> None:
    assert set(NAMES.values()) == words.COMMANDS.keys()
    assert {each.__name__ for each in events.ChallengeEvent.__subclasses__()} == words.EVENTS.keys()


def test_days_come_from_service_levels(small_world: World) -> None:
    level = PROFILE | {"effective_from": "2026-11-23", "rules": [{"stage": "challenge", "days": 3}]}
    assert small_world.officer("PUT", "/v1/sla-profiles/local", level, **GOVERNOR).json["status"] == "in-force"
    name = challenged(small_world)
    assert small_world.officer("GET", f"{PATH}/{name}", **DAN).json["clock"]["left"] == 3
