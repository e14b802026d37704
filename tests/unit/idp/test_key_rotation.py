"""Keys of a running provider: published before use, kept for what they signed, every change an entry in the ledger."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from idp.opening import open_keys
from idp.tokens import lifetimes
from kernel.clock import SystemClock
from kernel.entropy import SystemEntropy
from kernel.keys import RULES, Custody, KeyRing, Purpose
from kernel.ledger.errors import LedgerUnavailable
from kernel.settings import IdpSettings
from tests.doubles.identity_provider import Provider
from tests.doubles.relying_party import RelyingParty

DAY = 86_400
EIGHT_NODES = 8
NODE = """
import sys
from pathlib import Path
from datetime import timedelta
from kernel.clock import SystemClock
from kernel.entropy import SystemEntropy
from kernel.keys import KeyRing, Purpose, RotationRule
due = {Purpose.JWS: RotationRule(timedelta(hours=24), timedelta(hours=24), timedelta(hours=24))}
ring = KeyRing.load(Path(sys.argv[1]), clock=SystemClock(), entropy=SystemEntropy(), rules=due)
print("ready", flush=True)
sys.stdin.readline()
print(len(ring.rotate_due()), flush=True)
"""


def custody(provider: Provider) -> Custody:
    return Custody(provider.keys, provider.ledger)


def published(party: RelyingParty) -> list[str]:
    return [key["kid"] for key in party.http.get("/jwks").json["keys"] if key["use"] == "sig"]


def test_a_month_of_rotation_as_a_relying_party_sees_it(either_provider: Provider) -> None:
    """A day ahead in the key set, then in use, then kept a day for what it signed; nobody does anything."""
    provider, party = either_provider, RelyingParty(either_provider)
    keeper, (first,) = custody(provider), published(party)
    assert keeper.rotate_due() == ()
    provider.clock.advance(29 * DAY)
    (following,) = [key for key in keeper.rotate_due() if key.purpose is Purpose.JWS]
    assert published(party) == [first, following.kid]
    assert keeper.rotate_due() == ()
    provider.clock.advance(DAY - 2)
    token = party.tokens()["access_token"]
    provider.clock.advance(2)
    assert party.introspect(token)["active"] is True, "signed by the old key a moment before"
    assert provider.keys.signing().kid == following.kid
    provider.clock.advance(DAY)
    assert published(party) == [following.kid]


def test_each_change_is_an_entry_before_anybody_sees_the_key(either_provider: Provider) -> None:
    keeper = custody(either_provider)
    added = keeper.add("EdDSA")
    following = keeper.rotate("jws")
    revoked = keeper.revoke(added.kid)
    successor = either_provider.keys.signing("EdDSA").kid
    entries = [(entry["event"], entry["request"], entry["facts"].get("alg")) for entry in either_provider.events()]
    assert entries[-4:] == [
        ("KeyPublished", added.kid, "EdDSA"),
        ("KeyPublished", following.kid, "ES256"),
        ("KeyPublished", successor, "EdDSA"),
        ("KeyRevoked", revoked.kid, "EdDSA"),
    ]


def test_what_cannot_be_recorded_is_not_published(provider: Provider) -> None:
    before = provider.keys.listing()
    provider.ledger.close()
    with pytest.raises(LedgerUnavailable):
        custody(provider).rotate("jws")
    assert provider.keys.listing() == before


def test_a_leaked_key_ends_even_where_nothing_can_be_recorded(provider: Provider) -> None:
    leaked = provider.keys.signing().kid
    provider.ledger.close()
    with pytest.raises(LedgerUnavailable):
        custody(provider).revoke(leaked)
    assert provider.keys.signing().kid != leaked


def test_eight_nodes_on_one_folder_publish_one_successor(tmp_path: Path) -> None:
    KeyRing.create(tmp_path / "keys", clock=SystemClock(), entropy=SystemEntropy(), purposes=("jws",))
    command = [sys.executable, "-c", NODE, str(tmp_path / "keys")]
    nodes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(EIGHT_NODES)
    ]
    for node in nodes:
        assert node.stdout is not None
        assert node.stdout.readline() == "ready\n"
    for node in nodes:
        assert node.stdin is not None
        node.stdin.write("go\n")
        node.stdin.flush()
    assert sorted(int(node.communicate(timeout=60)[0]) for node in nodes) == [0] * 7 + [1]
    ring = KeyRing.load(tmp_path / "keys", clock=SystemClock(), entropy=SystemEntropy())
    assert [key.state.value for key in ring.listing()] == ["active", "next"]


def test_a_key_is_kept_until_its_last_token_has_ended() -> None:
    kept: Any = RULES[Purpose.JWS].overlap
    assert kept >= max(lifetimes.LONGEST_TOKEN, lifetimes.ID_TOKEN) + lifetimes.CLOCK_SKEW


def test_the_days_of_a_key_are_as_configured(provider: Provider, tmp_path: Path) -> None:
    settings = IdpSettings(key_dir=tmp_path / "keys", signing_key_days=10, signing_key_lead_hours=48)
    ring = open_keys(settings, provider.clock, SystemEntropy())
    provider.clock.advance(8 * DAY - 10)
    assert ring.due() == ()
    provider.clock.advance(10)
    assert [str(line) for line in ring.due()] == ["jws ES256"]
    assert ring.rotate("jws").not_before == provider.clock.now() + timedelta(hours=48)
