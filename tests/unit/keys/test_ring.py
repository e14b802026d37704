"""What a service gets from its key ring, and how keys follow one another."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel import jose
from kernel.clock import ManualClock
from kernel.entropy import SeededEntropy
from kernel.keys import KeyRing, KeyState, Line, Purpose, RotationRefused, UnknownKey

DAY = 86_400


def states(ring: KeyRing, purpose: str = "jws") -> list[str]:
    return [key.state.value for key in ring.listing() if key.purpose == purpose]


def published(ring: KeyRing, use: str = "sig") -> list[Any]:
    jwks: Any = ring.jwks()
    return [key["kid"] for key in jwks["keys"] if key["use"] == use]


def verifies(ring: KeyRing, token: str, now: datetime) -> bool:
    try:
        jose.verify(token, ring.verifying(), typ="at+jwt", issuer="i", audience="a", now=now, max_age=10**7)
    except jose.InvalidToken:
        return False
    return True


def signed(ring: KeyRing, clock: ManualClock, life: int = 300) -> str:
    instant = int(clock.now().timestamp())
    return jose.sign({"iss": "i", "aud": "a", "iat": instant, "exp": instant + life}, ring.signing(), typ="at+jwt")


class TestNewRing:
    def test_it_has_one_active_key_per_purpose(self, ring: KeyRing) -> None:
        assert [(key.purpose, key.state) for key in ring.listing()] == [
            (purpose, KeyState.ACTIVE) for purpose in Purpose
        ]

    def test_it_signs_and_verifies(self, ring: KeyRing, clock: ManualClock) -> None:
        assert ring.signing().alg == "ES256"
        assert verifies(ring, signed(ring, clock), clock.now())

    def test_it_publishes_public_halves_named_by_their_rfc7638_thumbprint(self, ring: KeyRing) -> None:
        jwks: Any = ring.jwks()
        keys = jwks["keys"]
        assert [(key["use"], key["alg"]) for key in keys] == [("sig", "ES256"), ("enc", "ECDH-ES")]
        assert all(key["kid"] == jose.thumbprint(key) for key in keys)
        assert all(set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"} for key in keys)
        assert json.loads(ring.jwks_bytes()) == ring.jwks()

    def test_others_encrypt_to_the_published_key(self, ring: KeyRing) -> None:
        (key,) = jose.encryption_keys(ring.jwks())
        assert jose.decrypt(jose.encrypt(b"secret", key), ring.decryption()) == b"secret"

    def test_it_signs_for_the_log_with_ed25519(self, ring: KeyRing) -> None:
        signer = ring.log_signer()
        signature = signer.sign(b"checkpoint")
        assert (len(signer.public_key), len(signature)) == (32, 64)
        Ed25519PublicKey.from_public_bytes(signer.public_key).verify(signature, b"checkpoint")

    def test_its_secrets_are_32_bytes_and_all_different(self, ring: KeyRing) -> None:
        secrets = [ring.secret(purpose) for purpose in ("kek", "tag", "pairwise", "index")]
        assert [len(secret) for secret in secrets] == [32] * 4
        assert len(set(secrets)) == 4

    def test_opened_again_it_holds_the_same_keys(self, ring: KeyRing, folder: Path, clock: ManualClock) -> None:
        again = KeyRing.load(folder, clock=clock, entropy=SeededEntropy(2))
        assert again.listing() == ring.listing()
        assert again.signing() == ring.signing()
        assert again.secret("pairwise") == ring.secret("pairwise")
        assert again.log_signer().public_key == ring.log_signer().public_key
        assert verifies(again, signed(ring, clock), clock.now())

    def test_a_ring_may_have_some_purposes_only(self, folder: Path, clock: ManualClock) -> None:
        ring = KeyRing.create(folder, clock=clock, entropy=SeededEntropy(3), purposes=("jws",))
        assert [key.purpose for key in ring.listing()] == ["jws"]
        assert published(ring, "enc") == []
        for ask in (ring.log_signer, lambda: ring.secret("kek"), lambda: ring.signing("RS256")):
            with pytest.raises(UnknownKey):
                ask()

    def test_an_unknown_purpose_is_named(self, ring: KeyRing, tmp_path: Path, clock: ManualClock) -> None:
        with pytest.raises(UnknownKey, match="jws, jwe, log"):
            ring.rotate("cookie")
        with pytest.raises(UnknownKey):
            ring.secret("cookie")
        with pytest.raises(UnknownKey):
            KeyRing.create(tmp_path / "other", clock=clock, entropy=SeededEntropy(3), purposes=("cookie",))


class TestRotation:
    """Publish a day ahead, use for a month, keep a day."""

    def test_the_successor_is_published_before_it_signs(self, ring: KeyRing, clock: ManualClock) -> None:
        old = ring.signing()
        successor = ring.rotate("jws")
        assert states(ring) == ["active", "next"]
        assert successor.state is KeyState.NEXT
        assert successor.not_before == clock.now() + timedelta(days=1)
        assert ring.signing() == old
        assert set(published(ring)) == {old.kid, successor.kid}

    def test_it_takes_over_by_itself_and_the_old_key_still_verifies(self, ring: KeyRing, clock: ManualClock) -> None:
        successor = ring.rotate("jws")
        clock.advance(DAY - 1)
        token = signed(ring, clock)
        clock.advance(1)
        assert ring.signing().kid == successor.kid
        assert states(ring) == ["retired", "active"]
        assert verifies(ring, token, clock.now())
        assert verifies(ring, signed(ring, clock), clock.now())

    def test_after_the_overlap_the_old_key_is_gone_but_for_the_archive(self, ring: KeyRing, clock: ManualClock) -> None:
        old, token = ring.signing().kid, signed(ring, clock, life=3 * DAY)
        successor = ring.rotate("jws")
        clock.advance(2 * DAY - 1)
        assert verifies(ring, token, clock.now())
        clock.advance(1)
        assert published(ring) == [successor.kid]
        assert not verifies(ring, token, clock.now())
        assert verifies_from_archive(ring, token, clock.now())
        archive: Any = ring.archive()
        assert [key["kid"] for key in archive["keys"]] == [old, successor.kid]

    def test_a_second_rotation_waits_for_the_first(self, ring: KeyRing) -> None:
        ring.rotate("jws")
        with pytest.raises(RotationRefused, match="published already"):
            ring.rotate("jws")

    def test_an_encryption_key_is_published_when_used_and_read_for_the_overlap(
        self, ring: KeyRing, clock: ManualClock
    ) -> None:
        (old,) = jose.encryption_keys(ring.jwks())
        successor = ring.rotate("jwe")
        assert published(ring, "enc") == [old.kid]
        early = jose.encrypt(b"early", jose.EncryptionKey.from_jwk(old.jwk))
        clock.advance(300)
        assert published(ring, "enc") == [successor.kid]
        assert jose.decrypt(early, ring.decryption()) == b"early"
        clock.advance(3600)
        with pytest.raises(jose.InvalidToken, match="unknown-key"):
            jose.decrypt(early, ring.decryption())

    def test_a_key_encryption_key_takes_over_at_once_and_its_forerunners_stay(
        self, ring: KeyRing, clock: ManualClock
    ) -> None:
        first = ring.secret("kek")
        description = ring.rotate("kek")
        assert ring.secret("kek") != first
        assert next(iter(ring.secrets("kek"))) == description.kid
        assert first in ring.secrets("kek").values()
        clock.advance(10 * 365 * DAY)
        assert first in ring.secrets("kek").values()

    @pytest.mark.parametrize("purpose", ["log", "tag", "pairwise", "index"])
    def test_keys_that_other_things_are_known_by_do_not_rotate(self, purpose: str, ring: KeyRing) -> None:
        with pytest.raises(RotationRefused, match=purpose):
            ring.rotate(purpose)

    def test_rotation_is_due_early_enough_to_publish_ahead(self, ring: KeyRing, clock: ManualClock) -> None:
        clock.advance(29 * DAY - 1)
        assert ring.due() == ()
        clock.advance(1)
        assert ring.due() == (Line(Purpose.JWS, "ES256"),)
        ring.rotate("jws")
        assert ring.due() == ()

    @settings(max_examples=25)  # every step writes durably
    @given(st.lists(st.sampled_from(["rotate", "revoke", "hour", "day"]), max_size=12))
    def test_whatever_happens_there_is_one_active_key_and_it_is_published(
        self, tmp_path_factory: pytest.TempPathFactory, steps: list[str]
    ) -> None:
        clock = ManualClock(datetime.fromisoformat("2026-11-24T08:00:00+00:00"))
        folder = tmp_path_factory.mktemp("rings") / "ring"
        ring = KeyRing.create(folder, clock=clock, entropy=SeededEntropy(4), purposes=("jws", "jwe"))
        for step in steps:
            take(step, ring, clock)
            assert states(ring).count("active") == states(ring, "jwe").count("active") == 1
            assert ring.signing().kid in published(ring)
            assert verifies(ring, signed(ring, clock), clock.now())
            assert len(published(ring, "enc")) == 1
        again = KeyRing.load(folder, clock=clock, entropy=SeededEntropy(5))
        assert (again.listing(), again.jwks()) == (ring.listing(), ring.jwks())


def take(step: str, ring: KeyRing, clock: ManualClock) -> None:
    if step in {"hour", "day"}:
        clock.advance(3600 if step == "hour" else DAY)
    elif step == "revoke":
        ring.revoke(ring.signing().kid)
        ring.revoke(published(ring, "enc")[0])
    else:
        for purpose in ("jws", "jwe"):
            if "next" not in states(ring, purpose):
                ring.rotate(purpose)


def verifies_from_archive(ring: KeyRing, token: str, now: datetime) -> bool:
    keys = jose.verifying_keys(ring.archive())
    claims = jose.verify(token, keys, typ="at+jwt", issuer="i", audience="a", now=now, max_age=10**7)
    return claims.claims["iss"] == "i"


class TestRevocation:
    """The drill for a key that leaked."""

    def test_what_it_signed_is_refused_at_once_and_another_key_signs(self, ring: KeyRing, clock: ManualClock) -> None:
        token, leaked = signed(ring, clock), ring.signing().kid
        description = ring.revoke(leaked)
        assert (description.kid, description.state, description.revoked_at) == (leaked, KeyState.RETIRED, clock.now())
        assert not verifies(ring, token, clock.now())
        assert ring.signing().kid != leaked
        assert verifies(ring, signed(ring, clock), clock.now())
        assert leaked not in published(ring)
        assert leaked not in str(ring.archive())

    def test_the_published_successor_takes_over_early(self, ring: KeyRing) -> None:
        successor = ring.rotate("jws")
        ring.revoke(ring.signing().kid)
        assert ring.signing().kid == successor.kid
        assert states(ring) == ["retired", "active"]

    def test_a_revoked_successor_leaves_the_active_key_in_office(self, ring: KeyRing, clock: ManualClock) -> None:
        active, successor = ring.signing().kid, ring.rotate("jws").kid
        ring.revoke(successor)
        clock.advance(3 * DAY)
        assert ring.signing().kid == active
        assert published(ring) == [active]
        assert ring.rotate("jws").state is KeyState.NEXT

    def test_a_retired_key_may_be_revoked_within_its_overlap(self, ring: KeyRing, clock: ManualClock) -> None:
        old, token = ring.signing().kid, signed(ring, clock, life=3 * DAY)
        successor = ring.rotate("jws")
        clock.advance(DAY)
        ring.revoke(old)
        assert not verifies(ring, token, clock.now())
        assert ring.signing().kid == successor.kid

    def test_an_encryption_key_no_longer_decrypts(self, ring: KeyRing) -> None:
        (old,) = jose.encryption_keys(ring.jwks())
        token = jose.encrypt(b"secret", old)
        ring.revoke(old.kid)
        with pytest.raises(jose.InvalidToken, match="unknown-key"):
            jose.decrypt(token, ring.decryption())
        assert published(ring, "enc") != [old.kid]

    def test_the_private_half_is_deleted(self, ring: KeyRing, folder: Path) -> None:
        leaked = ring.signing().kid
        assert (folder / f"jws.{leaked}.json").exists()
        ring.revoke(leaked)
        assert not (folder / f"jws.{leaked}.json").exists()

    def test_it_ends_once_and_only_what_exists(self, ring: KeyRing) -> None:
        leaked = ring.signing().kid
        ring.revoke(leaked)
        with pytest.raises(RotationRefused, match="already"):
            ring.revoke(leaked)
        with pytest.raises(UnknownKey):
            ring.revoke("nobody")

    @pytest.mark.parametrize("purpose", ["log", "kek", "tag", "pairwise", "index"])
    def test_keys_whose_loss_loses_data_are_not_revoked(self, purpose: str, ring: KeyRing) -> None:
        kid = next(key.kid for key in ring.listing() if key.purpose == purpose)
        with pytest.raises(RotationRefused, match="would be lost"):
            ring.revoke(kid)


class TestSeveralProcesses:
    def test_another_processes_rotation_is_seen_within_a_second(
        self, ring: KeyRing, folder: Path, clock: ManualClock
    ) -> None:
        other = KeyRing.load(folder, clock=clock, entropy=SeededEntropy(7))
        successor = other.rotate("jws").kid
        assert successor not in published(ring)
        clock.advance(1)
        assert successor in published(ring)

    def test_a_revocation_elsewhere_is_seen_within_a_second(
        self, ring: KeyRing, folder: Path, clock: ManualClock
    ) -> None:
        token = signed(ring, clock)
        KeyRing.load(folder, clock=clock, entropy=SeededEntropy(7)).revoke(ring.signing().kid)
        clock.advance(1)
        assert not verifies(ring, token, clock.now())

    def test_two_rotations_at_once_leave_one_successor(self, ring: KeyRing, folder: Path, clock: ManualClock) -> None:
        other = KeyRing.load(folder, clock=clock, entropy=SeededEntropy(7))
        other.rotate("jws")
        with pytest.raises(RotationRefused):
            ring.rotate("jws")
        assert states(other) == ["active", "next"]

    def test_between_two_looks_the_folder_is_left_alone(self, ring: KeyRing, folder: Path, clock: ManualClock) -> None:
        (folder / "manifest.json").unlink()
        clock.advance(0.9)
        assert ring.signing().alg == "ES256"
        assert ring.jwks_bytes() is ring.jwks_bytes()
