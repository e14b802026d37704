"""Certificates kept by officers of their department: looked up, issued, changed with a reason; never a holder shown."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, text

from exchange.certificates.lifecycle import CHANGES, TABLE, Change
from exchange.console import certificates as pages
from tests.doubles.browser import form_of
from tests.doubles.exchange import MARKET, ORIGIN, OWNER, POLICE, STRANGER, World
from tests.doubles.sign_ins import OfficersBrowser
from tests.unit.exchange.test_certificate_life import CARD, HOLDER, OTHER_CARD, report, with_police
from tests.unit.exchange.test_event_push import later
from tests.unit.exchange.test_events import CHANGED, code_of, delivered, pull, subscribe

PATH, HERE = "/v1/department/certificates", "/console/certificates"
WANTED = {"certificate": CARD, "subject": HOLDER}
ISSUE = {"certificate": OTHER_CARD, "evidence_type": "identity-card", "holder": STRANGER, "reason": "补录"}


def ask(world: World, method: str, path: str = "", body: Any = None, organisation: str = POLICE, **more: Any) -> Any:
    said: dict[str, Any] = {"sub": "pan", "roles": ["provider-officer"]} | more
    return world.officer(method, PATH + path, body, organisation=organisation, **said)


def officer(world: World, role: str = "provider-officer", organisation: str = POLICE, language: str = "zh-CN") -> Any:
    browser = OfficersBrowser(world, language)
    assert browser.sign_in(role, role, organisation=organisation).status_code == 303
    return browser


def own_log(world: World, person: str = OWNER) -> list[dict[str, Any]]:
    token = world.issuer.token(world.holder, person=person, scope="usage")
    return list(world.call("GET", "/v1/usage", token).json["entries"])


def recorded(world: World) -> str:
    """A certificate that the police's system reported, by what officers call it."""
    with_police(world)
    assert report(world, "issue", 8).status_code == 201
    found = ask(world, "POST", "/look-ups", WANTED)
    assert found.status_code == 200, found.text
    return str(found.json["certificate"])


def test_looking_one_up_takes_identifier_and_holder_and_is_an_entry_of_the_holder(small_world: World) -> None:
    world = small_world
    name = recorded(world)
    delivered(world)
    found = ask(world, "GET", f"/{name}").json
    assert (found["stands"]["status"], found["subject_scheme"]) == ("valid", "citizen-number")
    assert found["relied"]["departments"] == found["relied"]["cases"] == 1
    (change,) = found["changes"]
    assert (change["change"], change["reason"], change["by"]) == ("issue", None, None)
    assert world.entries()[change["entry"]]["event"] == "CertificateChanged"
    entry = next(each for each in own_log(world) if each["event"] == "CertificateLookedUp")
    assert "公安局的一名工作人员查看了您的身份证现在的状态" in entry["sentence"]["zh"]
    stranger = {"scheme": "citizen-number", "value": STRANGER}
    for wrong, organisation in (
        ({"subject": stranger}, POLICE),
        ({"certificate": OTHER_CARD}, POLICE),
        ({}, MARKET),
    ):
        none = ask(world, "POST", "/look-ups", WANTED | wrong, organisation)
        assert code_of(none) == "certificate.not-on-record"
        assert "tlog-proof@v1" in none.json["receipt"]
    assert "没有记录" in own_log(world, STRANGER)[0]["sentence"]["zh"]
    assert code_of(ask(world, "GET", f"/{name}", organisation=MARKET)) == "certificate.not-on-record"
    for nobody in ("cert_", f"{name}0", "cert_" + "f" * 32, "%00"):
        assert ask(world, "GET", f"/{nobody}").status_code in (400, 404)
    for role in ("governance-officer", "auditor", "system-administrator", "consumer-officer"):
        for method, path, body in (("GET", "", None), ("GET", f"/{name}", None), ("POST", "/look-ups", WANTED)):
            assert code_of(ask(world, method, path, body, roles=[role])) == "token.not-allowed"
    written = json.dumps([world.entries(), found, ask(world, "GET").json])
    for secret in (CARD, OWNER):
        assert secret not in written


def test_a_change_takes_a_reason_and_the_holders_number_and_tells_those_who_rely(world: World) -> None:
    subscription = subscribe(world)
    delivered(world)
    name = recorded(world)
    told = {"holder": OWNER, "reason": "涉嫌冒领"}
    done = ask(world, "POST", f"/{name}/suspend", told)
    assert done.status_code == 200, done.text
    assert done.json["stands"]["status"] == "suspended"
    change = done.json["changes"][-1]
    assert (change["reason"], bool(change["by"])) == ("涉嫌冒领", True)
    entry = world.entries()[change["entry"]]
    assert (entry["facts"]["reason"], entry["facts"]["by"]) == ("涉嫌冒领", change["by"])
    assert "理由：涉嫌冒领。" in own_log(world)[0]["sentence"]["zh"]
    world.rooms.policy.renew()
    world.rooms.distribution.round()
    assert [each["type"] for each in pull(world, subscription)["events"]] == [CHANGED, CHANGED]
    refusals: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("resume", {"holder": STRANGER}, "certificate.other-holder"),
        ("resume", {"holder": "not-a-number"}, "certificate.other-holder"),
        ("suspend", {}, "certificate.impossible-change"),
        ("resume", {"reason": f"见 {OWNER}"}, "request.invalid"),
        ("resume", {"reason": ""}, "request.invalid"),
        ("resume", {"effective_at": "2030-01-01T00:00:00+08:00"}, "request.invalid"),
        ("resume", {"effective_at": "2020-01-01T00:00:00+08:00"}, "certificate.out-of-order"),
        ("resume", {"description": "x"}, "request.invalid"),
        ("other", {}, "request.invalid"),
    )
    assert ask(world, "POST", f"/{name}/suspend", told).json == done.json  # the same at the same instant: once
    later(world, 60)
    for command, more, code in refusals:
        assert code_of(ask(world, "POST", f"/{name}/{command}", told | more)) == code, (command, more)
    assert len(world.events("CertificateChanged")) == 2
    page = ask(world, "GET", "?limit=1").json
    assert [each["change"] for each in page["certificates"]] == ["suspend"]
    rest = ask(world, "GET", f"?limit=1&before={page['next']}").json
    assert ([each["change"] for each in rest["certificates"]], rest["next"]) == (["issue"], None)
    assert code_of(ask(world, "GET", "?before=x")) == "request.invalid"


def looked(world: World, path: str, body: Any) -> tuple[str, list[tuple[bool, str | None]]]:
    """What is answered, and the look-ups that it leaves: whether the number matched, and what was refused."""
    before = len(world.events("CertificateLookedUp"))
    code = code_of(ask(world, "POST", path, body))
    facts = [each["facts"] for each in world.events("CertificateLookedUp")[before:]]
    return code, [(each["known"], each.get("refused")) for each in facts]


def test_nothing_tells_whose_a_certificate_is_without_an_entry_about_that_number(small_world: World) -> None:
    world = small_world
    name = recorded(world)
    told: dict[str, Any] = {"reason": "核对"}
    late = {"effective_at": "2030-01-01T00:00:00+08:00"}
    early = {"effective_at": "2020-01-01T00:00:00+08:00"}
    for command, more, code in (  # what needs no number says the same to every number, and leaves no entry
        ("suspend", late, "request.invalid"),
        ("suspend", early, "certificate.out-of-order"),
        ("resume", {}, "certificate.impossible-change"),
    ):
        for number in (OWNER, STRANGER):
            answer = looked(world, f"/{name}/{command}", told | more | {"holder": number})
            assert answer == (code, []), (command, more)
    mine, theirs = len(own_log(world)), len(own_log(world, STRANGER))
    answer = looked(world, f"/{name}/suspend", told | {"holder": STRANGER})
    assert answer == ("certificate.other-holder", [(False, "certificate.other-holder")])
    assert (len(own_log(world)), len(own_log(world, STRANGER))) == (mine, theirs + 1)
    assert "没有记录" in own_log(world, STRANGER)[0]["sentence"]["zh"]


def test_issuing_what_is_on_record_is_an_entry_about_the_number(small_world: World) -> None:
    world = small_world
    recorded(world)
    issue = ISSUE | {"certificate": CARD}
    late = {"effective_at": "2030-01-01T00:00:00+08:00"}
    for number in (OWNER, STRANGER):
        answer = looked(world, "", issue | late | {"holder": number})
        assert answer == ("request.invalid", [])
    mine, theirs = len(own_log(world)), len(own_log(world, STRANGER))
    answer = looked(world, "", issue)
    assert answer == ("certificate.differs", [(False, "certificate.differs")])
    answer = looked(world, "", issue | {"holder": OWNER})
    assert answer == ("certificate.impossible-change", [(True, "certificate.impossible-change")])
    assert (len(own_log(world)), len(own_log(world, STRANGER))) == (mine + 1, theirs + 1)


def test_saying_what_was_said_before_confirms_the_number_and_is_an_entry(small_world: World) -> None:
    world = small_world
    name = recorded(world)
    told = {"holder": OWNER, "reason": "待查"}
    assert ask(world, "POST", f"/{name}/suspend", told).status_code == 200
    before = len(world.events("CertificateLookedUp"))
    assert ask(world, "POST", f"/{name}/suspend", told, sub="another").status_code == 200
    (again,) = world.events("CertificateLookedUp")[before:]
    assert again["facts"]["known"]
    assert again["facts"]["by"] != world.events("CertificateChanged")[-1]["facts"]["by"]


def test_a_refusal_that_tells_of_a_number_uses_up_the_proof(small_world: World) -> None:
    world = small_world
    name = recorded(world)
    told = {"holder": STRANGER, "reason": "核对"}
    said = {"sub": "pan", "roles": ["provider-officer"], "organisation": POLICE, "scope": "governance"}
    token, path = world.issuer.token(world.holder, "console", **said), f"{PATH}/{name}/suspend"
    headers = {"Authorization": f"DPoP {token}", "DPoP": world.holder.proof("POST", ORIGIN + path, token)}
    answers = [world.client.post(path, json=told, headers=headers) for _ in range(2)]
    assert [code_of(each) for each in answers] == ["certificate.other-holder", "token.proof-replayed"]


def test_one_is_issued_by_hand_once(small_world: World) -> None:
    world = small_world
    at = {"effective_at": "2026-11-23T08:00:00+08:00"}
    made = ask(world, "POST", "", ISSUE | at | {"valid_until": "2030-01-01"})
    assert made.status_code == 201, made.text
    assert (made.json["stands"]["status"], made.json["stands"]["valid_until"]) == ("valid", "2030-01-01")
    assert ask(world, "POST", "", ISSUE | at).status_code == 200  # sent twice: once
    assert code_of(ask(world, "POST", "", ISSUE)) == "certificate.impossible-change"
    assert code_of(ask(world, "POST", "", ISSUE | {"holder": OWNER})) == "certificate.differs"
    assert code_of(ask(world, "POST", "", ISSUE | {"evidence_type": "nothing"})) == "certificate.not-yours"
    assert code_of(ask(world, "POST", "", ISSUE, MARKET)) == "certificate.not-yours"
    assert code_of(ask(world, "POST", "", ISSUE | {"certificate": "1.2.3"})) == "request.invalid"
    assert len(world.events("CertificateChanged")) == 1


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_an_officer_finds_suspends_and_reads_the_past_on_pages(small_world: World, language: str) -> None:
    world = small_world
    name = recorded(world)
    delivered(world)
    police = officer(world, language=language)
    form = form_of(police.get(HERE))
    sought = {"csrf_token": form.fields["csrf_token"], "certificate": CARD, "scheme": "citizen-number"}
    wrong = police.post(HERE, sought | {"value": STRANGER})
    assert wrong.status_code == 422
    assert 'href="#certificate"' in wrong.text
    assert STRANGER not in wrong.text
    assert CARD in wrong.text  # what names nobody need not be typed again
    wrong = police.post(HERE, {"csrf_token": form.fields["csrf_token"]})
    assert wrong.status_code == 422
    for field in ("certificate", "scheme", "value"):
        assert f'href="#{field}"' in wrong.text
    wrong = police.post(HERE, sought | {"value": "1"})
    assert 'href="#value"' in wrong.text
    found = police.post(HERE, sought | {"value": OWNER})
    assert (found.status_code, found.headers["Location"]) == (303, f"{HERE}/{name}")
    at = f"{HERE}/{name}"
    wrong = police.press(f"{at}/suspend", reason="", value=STRANGER, effective_at="gestern")
    assert wrong.status_code == 422
    for field in ("reason", "effective_at"):
        assert f'href="#{field}"' in wrong.text
    assert STRANGER not in wrong.text
    wrong = police.press(f"{at}/suspend", reason="r", value=STRANGER)
    assert 'href="#value"' in wrong.text
    assert STRANGER not in wrong.text
    done = police.press(f"{at}/suspend", reason="演示：待查", value=OWNER, effective_at="2026-11-23 17:00")
    assert done.status_code == 303, done.text
    page = police.get(at).text
    assert "演示：待查" in page
    assert "17:00" in page
    assert "/console/ledger?index=" in page
    assert "市场监管局" not in page.partition("<h1")[2].partition("</main>")[0]  # numbers, never names
    assert at in police.get(HERE).text
    assert police.get(f"{at}/suspend").status_code == 403
    for shown in (page, police.get(HERE).text):
        assert OWNER not in shown
        assert CARD not in shown
    assert officer(world, "governance-officer", MARKET).get(HERE).status_code == 403
    assert HERE not in officer(world, "auditor", MARKET).get("/console/grants").text


def test_a_certificate_is_issued_on_pages(small_world: World) -> None:
    police = officer(small_world)
    assert "还没有登记过" in police.get(HERE).text
    wrong = police.press(f"{HERE}/new", certificate="1.2.3", value=STRANGER)
    assert wrong.status_code == 422
    for field in ("certificate", "evidence_type", "reason"):
        assert f'href="#{field}"' in wrong.text
    assert STRANGER not in wrong.text
    typed = {"evidence_type": "identity-card", "certificate": OTHER_CARD, "value": STRANGER, "reason": "补录"}
    done = police.press(f"{HERE}/new", **typed, valid_until="长期")
    assert done.status_code == 303, done.text
    assert "长期" in police.get(done.headers["Location"]).text


def test_every_change_has_words() -> None:
    assert pages.COMMANDS.keys() == {each.value for each in Change if each is not Change.ISSUE}
    assert CHANGES.keys() == TABLE.keys()


def test_what_was_reported_before_the_log_was_noted_is_found_in_it(world: World) -> None:
    recorded(world)
    report(world, "suspend", 9)
    before = ask(world, "GET").json
    step = importlib.import_module("exchange.store.migrations.0032_certificates_by_hand")

    def again(connection: Connection) -> None:
        connection.execute(text("DROP INDEX certificate_change_recorded"))
        for column in ("organisation", "entry", "reason", "officer"):
            connection.execute(text(f"ALTER TABLE certificate_change DROP COLUMN {column}"))
        with Operations.context(MigrationContext.configure(connection)):
            step.upgrade()

    world.outside.database.write(again)
    assert [each["change"] for each in before["certificates"]] == ["suspend", "issue"]
    assert ask(world, "GET").json == before
