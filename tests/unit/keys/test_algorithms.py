"""One ring signs with several algorithms; each has its own succession of keys (RFC 8725 §3.1)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kernel import jose
from kernel.clock import ManualClock
from kernel.entropy import SeededEntropy
from kernel.jose import base64url
from kernel.keys import SIGNATURES, KeyRing, KeyRingDamaged, RotationRefused, UnknownKey

DAY = 86_400
START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
MEMBERS = {"ES256": {"crv", "x", "y"}, "EdDSA": {"crv", "x"}, "PS256": {"n", "e"}, "RS256": {"n", "e"}}


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """A ring with every algorithm: RSA keys take their time, so the tests that only look share one."""
    folder = tmp_path_factory.mktemp("rings") / "ring"
    ring = KeyRing.create(folder, clock=ManualClock(START), entropy=SeededEntropy(1))
    ring.ensure(SIGNATURES)
    return ring


def signed(key: jose.SigningKey) -> str:
    instant = int(START.timestamp())
    return jose.sign({"iss": "i", "aud": "a", "iat": instant, "exp": instant + 300}, key, typ="at+jwt")


def verify(ring: KeyRing, token: str) -> jose.Verified:
    return jose.verify(token, ring.verifying(), typ="at+jwt", issuer="i", audience="a", now=START, max_age=300)


def published(ring: KeyRing) -> dict[str, Any]:
    jwks: Any = json.loads(ring.jwks_bytes())
    return {key["alg"]: key for key in jwks["keys"] if key["use"] == "sig"}


def test_a_new_ring_signs_with_es256_alone(ring: KeyRing) -> None:
    assert ring.algorithms() == ("ES256",)
    with pytest.raises(UnknownKey, match="RS256"):
        ring.signing("RS256")


@pytest.mark.parametrize("alg", SIGNATURES)
def test_each_algorithm_signs_with_its_own_key_and_is_published(alg: str, everything: KeyRing) -> None:
    key = everything.signing(alg)
    verified = verify(everything, signed(key))
    assert (verified.header["alg"], verified.header["kid"]) == (alg, key.kid)
    jwk = published(everything)[alg]
    assert set(jwk) == {"kty", "kid", "alg", "use"} | MEMBERS[alg]
    assert jwk["kid"] == key.kid == jose.thumbprint(jwk)


@pytest.mark.parametrize("alg", SIGNATURES)
def test_the_algorithm_belongs_to_the_key_and_never_to_the_header(alg: str, everything: KeyRing) -> None:
    """C9: the header's `alg` chooses nothing, also between two algorithms that fit the same kind of key."""
    head, payload, signature = signed(everything.signing(alg)).split(".")
    header = json.loads(base64url.decode(head))
    for other in {*SIGNATURES, "none", "HS256"} - {alg}:
        forged = base64url.encode(json.dumps(header | {"alg": other}).encode())
        with pytest.raises(jose.InvalidToken, match="wrong-algorithm"):
            verify(everything, f"{forged}.{payload}.{signature}")


def test_an_algorithm_is_added_once_and_used_at_once(ring: KeyRing) -> None:
    added = ring.add("EdDSA")
    assert (added.alg, added.state.value, added.not_before) == ("EdDSA", "active", START)
    assert ring.algorithms() == ("ES256", "EdDSA")
    with pytest.raises(RotationRefused, match="already"):
        ring.add("EdDSA")
    with pytest.raises(UnknownKey, match="HS256"):
        ring.add("HS256")


def test_two_nodes_that_start_together_make_one_key(ring: KeyRing, folder: Path, clock: ManualClock) -> None:
    other = KeyRing.load(folder, clock=clock, entropy=SeededEntropy(8))
    other.ensure(("ES256", "EdDSA"))
    ring.ensure(("ES256", "EdDSA"))
    clock.advance(1)
    assert ring.signing("EdDSA") == other.signing("EdDSA")
    assert [key.alg for key in ring.listing() if key.purpose == "jws"] == ["ES256", "EdDSA"]


def test_one_algorithm_rotates_and_the_others_stay(ring: KeyRing, clock: ManualClock) -> None:
    ring.add("EdDSA")
    es256, eddsa = ring.signing(), ring.signing("EdDSA")
    successor = ring.rotate("jws", "EdDSA")
    clock.advance(DAY)
    assert ring.signing("EdDSA").kid == successor.kid != eddsa.kid
    assert ring.signing() == es256
    assert verify(ring, signed(eddsa)).header["kid"] == eddsa.kid  # within the overlap


def test_a_revoked_key_is_followed_by_one_of_its_algorithm(ring: KeyRing) -> None:
    ring.add("EdDSA")
    es256, leaked = ring.signing(), ring.signing("EdDSA")
    ring.revoke(leaked.kid)
    assert ring.signing("EdDSA").kid != leaked.kid
    assert ring.signing() == es256
    with pytest.raises(jose.InvalidToken, match="unknown-key"):
        verify(ring, signed(leaked))


def test_each_algorithm_is_due_by_itself(ring: KeyRing, clock: ManualClock) -> None:
    clock.advance(10 * DAY)
    ring.add("EdDSA")
    clock.advance(19 * DAY)
    assert [str(line) for line in ring.due()] == ["jws ES256"]
    clock.advance(10 * DAY)
    assert [str(line) for line in ring.due()] == ["jws ES256", "jwe", "jws EdDSA"]


def test_a_manifest_from_the_days_of_one_algorithm_still_opens(ring: KeyRing, folder: Path, clock: ManualClock) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    for entry in manifest["keys"]:
        del entry["alg"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    again = KeyRing.load(folder, clock=clock, entropy=SeededEntropy(2))
    assert (again.listing(), again.jwks()) == (ring.listing(), ring.jwks())


@pytest.mark.parametrize("alg", ["HS256", "none", "ECDH-ES", "RS256"])
def test_a_manifest_cannot_turn_a_key_to_another_algorithm(
    alg: str, ring: KeyRing, folder: Path, clock: ManualClock
) -> None:
    assert ring.signing().alg == "ES256"
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["keys"][0]["alg"] = alg
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(KeyRingDamaged):
        KeyRing.load(folder, clock=clock, entropy=SeededEntropy(2))
