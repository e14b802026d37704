"""From the register to the company's evidence by the tokens of our own identity provider: nothing on paper between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from tests.doubles import exchange as double
from tests.doubles.account import Account
from tests.doubles.browser import Browser, carried
from tests.doubles.exchange import ITEM, MARKET, NOW, World, lived, make_world, prepared, request, system
from tests.doubles.identity_provider import EXCHANGE, ISSUER, LI, Provider, provider_at
from tests.doubles.relying_party import ProofKey, RelyingParty, claims_of, details
from tests.unit.exchange.test_companies import LICENCE, SHOP, with_licences
from tests.unit.exchange.test_governed_call import only
from tests.unit.idp.test_agents import Parties
from tests.unit.idp.test_representations import NAME, add, end


class Served:
    """What the exchange publishes, by its paths."""

    def __init__(self, world: World) -> None:
        self._world = world

    def get(self, path: str) -> Any:
        answer = self._world.client.get(path, base_url=EXCHANGE)
        return answer.json if answer.status_code == 200 else None


class Both:
    """A provider and an exchange that know each other by discovery alone."""

    def __init__(self, provider: Provider, world: World) -> None:
        self.provider, self.world = provider, world
        self.parties = Parties(provider)
        self.website = RelyingParty(provider, scope="openid profile mandate cases", tongban_service_items=[ITEM])
        self.key = ProofKey(provider)
        holder = world.holder
        self.key.key, self.key.public, self.key.jkt = holder.key, holder.public, holder.thumbprint
        registered = {"issuer": ISSUER, "client_id": self.website.id}
        world.apply(system("website", MARKET, **registered))
        world.rooms.policy.renew()

    def case(self) -> str:
        """A case of the company, opened by the website with a token of its own."""
        body = {
            "service_item": ITEM,
            "reference": "2026-1",
            "subjects": [{"scheme": "social-credit-code", "value": SHOP, "role": "applicant"}],
        }
        token = self.website.own_token(self.key, scope="cases").json["access_token"]
        answer = self.world.call("POST", "/v1/cases", token, body)
        assert answer.status_code == 201, answer.text
        return str(answer.json["case"])

    def token(self, account: Account, case: str, acting: str) -> str:
        """Through PAR, sign-in, the choice of for whom, consent and the code."""
        asked = {
            "type": "urn:tongban:params:evidence",
            "locations": [EXCHANGE],
            "service_item": ITEM,
            "case": case,
            "legal_basis": double.BASIS,
            "evidence": [{"type": "licence", "fields": ["name"]}],
        }
        browser = Browser(self.provider)
        url = self.website.pushed_url(scope="openid mandate", authorization_details=details(asked))
        page = browser.follow(browser.get(url))
        while (back := carried(page)) is None:
            answers = browser._answers(page, account.username, account.password, "allow", None)
            page = browser.submit(page, **(answers | ({"acting": acting} if "acting" in answers else {})))
        answer = self.website.redeem(back["code"], self.key)
        assert answer.status_code == 200, answer.text
        return str(answer.json["access_token"])

    def ask(self, case: str, token: str) -> Any:
        return self.world.call("POST", "/v1/evidence-requests", token, request(case, LICENCE))


@pytest.fixture
def both(make_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    monkeypatch.setattr(double, "ORIGIN", EXCHANGE)
    monkeypatch.setattr(double, "ISSUER", ISSUER)
    (tmp_path / "idp").mkdir()
    with provider_at(make_database(), tmp_path / "idp") as provider:
        provider.clock.advance((NOW - provider.clock.now()).total_seconds())
        url = make_database()
        prepared(url, tmp_path)  # its log has an origin of its own: the worker's template would be another's
        with lived(make_world(url, tmp_path, seed=4242, clock=provider.clock)) as first:
            with_licences(first)
            http = Client(provider.app)
            fetch = lambda address: http.get(address.removeprefix(ISSUER), base_url=ISSUER).data  # noqa: E731
            world = first.another_node(fetch=fetch)
            provider.exchange.documents = lambda: Served(world)  # type: ignore[method-assign,assignment,return-value]
            yield Both(provider, world)


def test_a_representative_obtains_the_companys_evidence(both: Both) -> None:
    case = both.case()
    representation = str(both.provider.events("RepresentationProven")[0]["facts"]["representation"])
    token = both.token(both.parties.li, case, representation)
    assert claims_of(token)["mandate"]["capacity"] == "legal-representative"
    assert only(both.ask(case, token))["data"] == {"name": "示范餐饮"}
    ledgers = repr(both.provider.events()) + repr(both.world.entries())
    assert not {word for word in (SHOP, NAME, LI.value) if word in ledgers}


def test_without_acting_for_it_the_same_person_obtains_nothing(both: Both) -> None:
    case = both.case()
    refused = both.ask(case, both.token(both.parties.li, case, "self"))
    assert (refused.status_code, refused.json["code"]) == (403, "case.subject-not-in-case")
    assert both.world.calls == []


def test_an_agent_obtains_it_within_their_matters(both: Both) -> None:
    both.parties.hired(matters="some", items=ITEM)
    case = both.case()
    token = both.token(both.parties.wang, case, both.parties.appointment())
    assert claims_of(token)["mandate"]["service_items"] == [ITEM]
    assert only(both.ask(case, token))["data"] == {"name": "示范餐饮"}
    facts = both.world.events("EvidenceReleased")[-1]["facts"]
    assert (facts["relation"], facts["capacity"]) == ("represented-company", "agent")


def test_what_ends_at_the_provider_ends_at_the_exchange(both: Both) -> None:
    """The live token falls with the mandate, by the revocation feed."""
    both.parties.hired()
    case = both.case()
    token = both.token(both.parties.wang, case, both.parties.appointment())
    mandate = both.world.rooms.gateway.authenticator.verified(token).mandate
    assert mandate is not None
    assert mandate.reference not in both.world.rooms.revocations.renew().mandates
    assert mandate.reference not in repr(claims_of(token))  # for the exchange's eyes alone
    both.parties.press(both.parties.li, "end")
    both.provider.clock.advance(2)
    assert mandate.reference in both.world.rooms.revocations.renew().mandates
    refused = both.ask(case, token)
    assert (refused.status_code, refused.json["code"]) == (401, "token.revoked")


@pytest.mark.parametrize("lost", [{"scope": "openid profile mandate"}, {"tongban_service_items": []}])
def test_S2_a_scope_taken_from_a_client_is_gone_from_its_tokens_within_a_second(
    both: Both, lost: dict[str, Any]
) -> None:
    """At the exchange, by the revocation feed; a service item, too. What it did not lose goes on.

    Given back, it is for tokens issued after that: the others never regain it.
    """
    case, website, clients = both.case(), both.website, both.provider.administration.clients

    def issued() -> tuple[str, Any]:
        return both.token(both.parties.li, case, "self"), website.own_token(both.key, scope="cases")

    def change(**changes: Any) -> None:
        clients.update(website.id, clients.show(website.id) | changes)
        both.provider.clock.advance(0.9)
        both.world.rooms.revocations.renew()  # as its thread does four times a second

    def refusals(purpose: str, system: Any) -> dict[str, bool]:
        answers = {
            "tongban_service_items": both.ask(case, purpose).json,
            "scope": both.world.call("POST", f"/v1/cases/{case}/close", system.json["access_token"]).json or {},
        }
        for refusal in (answer for answer in answers.values() if answer.get("code") == "token.revoked"):
            assert (refusal["status"], refusal["reason"]) == (401, "no-longer-registered")
        return {right: answer.get("code") == "token.revoked" for right, answer in answers.items()}

    registered, before = clients.show(website.id), issued()
    change(**lost)
    assert refusals(*before) == {right: right in lost for right in ("tongban_service_items", "scope")}
    change(**registered)
    assert refusals(*before) == {right: right in lost for right in ("tongban_service_items", "scope")}
    assert refusals(*issued()) == {"tongban_service_items": False, "scope": False}


def test_a_representatives_right_goes_on_with_a_newer_proof_and_ends_with_the_last(both: Both) -> None:
    """What the exchange keeps by it (a consent of the company) does not end because the proof was renewed."""
    case, parties = both.case(), both.parties

    def proof() -> str:
        return str(both.provider.events("RepresentationProven")[-1]["facts"]["representation"])

    references = []
    for _ in range(2):
        found = both.world.rooms.gateway.authenticator.verified(both.token(parties.li, case, proof())).mandate
        assert found is not None
        references.append(found.reference)
        assert found.reference not in both.world.rooms.revocations.renew().mandates
        assert add(parties.li).status_code == 200
        both.provider.clock.advance(2)
    assert len(set(references)) == 1
    both.world.rooms.revocations.renew()
    end(parties.li)
    both.provider.clock.advance(2)
    assert references[0] in both.world.rooms.revocations.renew().mandates
