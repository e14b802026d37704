"""What operators do from the terminal, on an installation made for real: files, keys, databases."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from click.testing import CliRunner
from marshmallow import ValidationError

from exchange.administration import OPERATOR, Administration, open_administration
from exchange.app import PACKAGE
from exchange.proceedings import nothing_to_spend
from exchange.store.tables import decision
from kernel import migrations
from kernel.clock import ManualClock
from kernel.entropy import SystemEntropy
from kernel.identifiers.subject import SubjectRef
from kernel.keys import KeyRing
from kernel.settings import ExchangeSettings
from policies.grants.commands import ApproveGrant, ReactivateGrant
from policies.proceedings import NotAllowed
from tests.doubles.exchange import (
    BASIS,
    CATALOGUE,
    IDENTITY_CARD,
    ITEM,
    NAME,
    NOW,
    OWNER,
    World,
    grant,
)
from tongban.commands import grant as command


@pytest.fixture
def installation(one_database_url: str, tmp_path: Path) -> ExchangeSettings:
    """Configuration, keys and database as the installer leaves them."""
    KeyRing.create(tmp_path / "keys", clock=ManualClock(NOW), entropy=SystemEntropy())
    migrations.upgrade(one_database_url, PACKAGE)
    return ExchangeSettings(database_url=one_database_url, key_dir=tmp_path / "keys")


def test_an_operator_fills_an_empty_exchange_and_every_grant_is_a_draft(
    installation: ExchangeSettings, tmp_path: Path
) -> None:
    path = tmp_path / "all.yaml"
    documents = [document for document in CATALOGUE if document["kind"] != "Connector"]
    path.write_text(yaml.safe_dump_all([*documents, grant("G-ONE")], allow_unicode=True), encoding="utf-8")
    with open_administration(installation, clock=ManualClock(NOW)) as desk:
        assert len(desk.apply([path])) == len(documents) + 1
        (one,) = desk.grants()
        assert (one["ref"], one["status"]) == ("G-ONE@1", "drafted")
    with open_administration(installation, clock=ManualClock(NOW)) as desk:
        assert desk.diff([path]) == ()
        assert desk.grant("G-ONE") == desk.grant("G-ONE@1")
        assert desk.grant("G-ONE@2") is None
        assert desk.grant("G-TWO") is None
        assert "cedar" in (desk.grant("G-ONE") or {})


def question(**more: object) -> dict[str, object]:
    asked: dict[str, object] = {
        "system": "market-website",
        "evidence_type": "identity-card",
        "fields": ["name"],
        "service_item": ITEM,
        "legal_basis": BASIS,
        "loa": 2,
    }
    return asked | more


def test_the_terminal_explains_a_decision_and_stops_a_grant(small_world: World) -> None:
    desk = Administration(small_world.outside, small_world.rooms)
    assert desk.explain(question(), "en")["decision"] == "permit"
    assert desk.explain(question(fields=["born"]), "en")["code"] == "policy.field-not-granted"
    with pytest.raises(ValidationError):
        desk.explain(question(loa="two"), "en")
    assert desk.suspend("G-IDENTITY", "leak reported")["status"] == "suspended"
    assert desk.explain(question(), "en")["code"] == "policy.no-grant"
    with pytest.raises(NotAllowed):
        desk.suspend("G-IDENTITY", "again")
    assert small_world.events("GrantSuspended")[-1]["facts"]["by"] == "operator"


def test_the_terminal_explains_a_logged_decision_and_says_when_it_comes_out_otherwise(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_world.ask(small_world.open_case(), NAME)
    name = small_world.events("EvidenceReleased")[0]["facts"]["decision"]
    desk = Administration(small_world.outside, small_world.rooms)
    monkeypatch.setattr(command, "exchange_administration", lambda _config: nullcontext(desk))
    explain = ["explain", "--decision", name]
    said = CliRunner().invoke(command.grant, explain)
    assert said.exit_code == 0, said.output
    assert "G-IDENTITY@1#c0: 用于办理开办餐馆" in said.stdout
    assert "结论相同" in said.stdout
    assert OWNER not in said.output
    with small_world.outside.database.engine.begin() as connection:
        connection.execute(sa.update(decision).values(verdict=sa.func.replace(decision.c.verdict, "@1", "@7")))
    otherwise = CliRunner().invoke(command.grant, [*explain, "--json"])
    assert otherwise.exit_code == 1
    assert json.loads(otherwise.stdout)["entries"][0]["again"]["result"] == "differs"


def test_the_operator_reads_requests_and_answers_none(small_world: World) -> None:
    asked = {"evidence_type": "identity-card", "fields": ["name"], "service_items": [ITEM], "legal_basis": BASIS}
    body = {"grant": asked | {"valid_from": "2026-12-01", "valid_to": "2027-06-01"}, "purpose": "check"}
    officer = {"sub": "chen", "roles": ["consumer-officer"]}
    name = small_world.officer("POST", "/v1/access-requests", body, **officer).json["id"]
    desk = Administration(small_world.outside, small_world.rooms)
    assert [(one["id"], one["commands"]) for one in desk.requests()] == [(name, [])]
    assert desk.requests("approved") == []
    shown = desk.request(name)
    assert shown is not None
    assert [one["event"] for one in shown["history"]] == ["RequestDrafted"]
    assert desk.request("ar_none") is None


def test_the_operator_approves_nothing(small_world: World) -> None:
    """Nor what needs no provider: the terminal sits in no seat of the data office."""
    small_world.apply(IDENTITY_CARD | {"spec": IDENTITY_CARD["spec"] | {"share_type": "unconditional"}})
    small_world.rooms.policy.renew()
    asked = {
        "evidence_type": "identity-card", "fields": ["born"], "service_items": [ITEM], "legal_basis": BASIS,
        "valid_from": "2026-11-01", "valid_to": "2027-06-01",
    }  # fmt: skip
    author, path = {"sub": "chen", "roles": ["consumer-officer"]}, "/v1/grants/G-NEW"
    assert small_world.officer("POST", "/v1/grants", {"id": "G-NEW", "grant": asked}, **author).status_code == 201
    small_world.officer("POST", f"{path}/submit", {}, **author)
    digest = small_world.officer("GET", path, **author).json["digest"]

    def told(command: ApproveGrant | ReactivateGrant) -> str:
        with pytest.raises(NotAllowed) as refused:
            small_world.rooms.grants.transitions.carry_out(command, "G-NEW", None, OPERATOR, nothing_to_spend)
        return refused.value.code

    assert told(ApproveGrant(digest)) == "grant.seat-taken"
    for sub, role in (("o", "governance-officer"), ("g", "governance-approver")):
        small_world.officer("POST", f"{path}/approve", {"digest": digest}, sub=sub, roles=[role])
    suspended = small_world.officer("POST", f"{path}/suspend", {"reason": "x"}, sub="g", roles=["governance-approver"])
    assert suspended.json["status"] == "suspended"
    assert told(ReactivateGrant(digest)) == "grant.seat-taken"


def test_erasing_somebody_leaves_every_proof_and_no_payload(small_world: World) -> None:
    answer = small_world.ask(small_world.open_case(), NAME)
    desk = Administration(small_world.outside, small_world.rooms)
    somebody = SubjectRef("citizen-number", OWNER)
    assert desk.ledger.erase(somebody) == 1
    assert desk.ledger.erase(somebody) == 0
    index = len(small_world.entries()) - 2
    assert small_world.outside.ledger.open_payload(index) is None
    assert small_world.outside.ledger.usage_of(somebody) == []
    assert answer.json["evidence"][0]["receipt"].startswith("c2sp.org/tlog-proof@v1")
