"""Signing keys in a PKCS #11 token, with SoftHSM: made there, used there, never taken out (OASIS PKCS #11 v3.1)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pkcs11
import pytest
from pkcs11 import Attribute, ObjectClass
from pkcs11.exceptions import AttributeSensitive

from idp.app import create_app
from idp.opening import open_keys
from kernel import jose
from kernel.clock import ManualClock
from kernel.entropy import SystemEntropy
from kernel.keys import Custody, HardwareUnavailable, KeyRing, KeyRingDamaged
from kernel.keys.folder import KeyFolder
from kernel.keys.hardware import Pkcs11Token
from kernel.settings import IdpSettings
from kernel.web.fastpath import WsgiApp
from tests.doubles import softhsm
from tests.doubles.identity_provider import Provider, provider_at
from tests.doubles.relying_party import RelyingParty
from tests.doubles.softhsm import LABEL, PIN

DAY = 86_400
START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)

pytestmark = pytest.mark.skipif(not softhsm.MODULE.exists(), reason=softhsm.MISSING)


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """SoftHSM with one token; the module is initialised once in a process, so the tests share it."""
    yield softhsm.prepare(tmp_path_factory.mktemp("softhsm"))
    del os.environ["SOFTHSM2_CONF"]


@pytest.fixture
def token(module: Path) -> Pkcs11Token:
    return Pkcs11Token(module, LABEL, PIN)


@pytest.fixture
def hard(folder: Path, ring: KeyRing, clock: ManualClock, token: Pkcs11Token) -> KeyRing:
    """A ring that was made with files, and moved its signing key into the token by rotating."""
    opened = KeyRing.load(folder, clock=clock, entropy=SystemEntropy(), hardware=token)
    opened.rotate("jws")
    clock.advance(DAY)
    return opened


def signed(key: jose.SigningKey, now: datetime) -> str:
    instant = int(now.timestamp())
    return jose.sign({"iss": "i", "aud": "a", "iat": instant, "exp": instant + 300}, key, typ="at+jwt")


def verifies(ring: KeyRing, text: str, now: datetime) -> bool:
    try:
        jose.verify(text, ring.verifying(), typ="at+jwt", issuer="i", audience="a", now=now, max_age=300)
    except jose.InvalidToken:
        return False
    return True


def active(ring: KeyRing) -> str:
    return next(key.held_in for key in ring.listing() if key.purpose == "jws" and key.state == "active")


def test_rotation_moves_signing_into_the_token(hard: KeyRing, folder: Path, clock: ManualClock) -> None:
    key = hard.signing()
    assert active(hard) == "pkcs11"
    assert not (folder / f"jws.{key.kid}.json").exists(), "no private half outside the token"
    assert verifies(hard, signed(key, clock.now()), clock.now())
    assert jose.thumbprint(key.jwk) == key.kid
    assert key.kid in str(hard.jwks())


def test_the_private_half_cannot_be_taken_out(hard: KeyRing, module: Path) -> None:
    kid = hard.signing().kid
    assert kid
    with pkcs11.lib(str(module)).get_token(token_label=LABEL).open() as session:
        for key in session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}):
            assert key[Attribute.SENSITIVE]
            assert not key[Attribute.EXTRACTABLE]
            with pytest.raises(AttributeSensitive):
                key[Attribute.VALUE]


def test_other_algorithms_stay_in_files(hard: KeyRing) -> None:
    assert hard.add("EdDSA").held_in == "file"
    assert hard.rotate("jwe").held_in == "file"


def test_another_node_with_the_same_token_signs_with_the_same_key(
    hard: KeyRing, folder: Path, clock: ManualClock, module: Path
) -> None:
    other = KeyRing.load(folder, clock=clock, entropy=SystemEntropy(), hardware=Pkcs11Token(module, LABEL, PIN))
    assert other.signing() == hard.signing()
    assert verifies(hard, signed(other.signing(), clock.now()), clock.now())


def test_sixteen_threads_sign_at_the_same_time(hard: KeyRing, clock: ManualClock) -> None:
    key, now = hard.signing(), clock.now()
    with ThreadPoolExecutor(16) as threads:
        texts = list(threads.map(lambda _number: signed(key, now), range(200)))
    assert len(set(texts)) == 200
    assert all(verifies(hard, text, now) for text in texts)


def test_a_revoked_key_is_destroyed_in_the_token(hard: KeyRing, clock: ManualClock) -> None:
    leaked = hard.signing()
    text = signed(leaked, clock.now())
    hard.revoke(leaked.kid)
    assert not verifies(hard, text, clock.now())
    assert active(hard) == "pkcs11"
    assert verifies(hard, signed(hard.signing(), clock.now()), clock.now())
    fresh = KeyRing.load(hard._folder.path, clock=clock, entropy=SystemEntropy(), hardware=hard._hardware)
    assert fresh.signing() == hard.signing()


def test_without_the_token_a_leaked_key_ends_all_the_same(
    hard: KeyRing, clock: ManualClock, token: Pkcs11Token, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_args: object, **_more: object) -> None:
        raise HardwareUnavailable("gone")

    text, leaked = signed(hard.signing(), clock.now()), hard.signing().kid
    monkeypatch.setattr(token, "make", gone)
    monkeypatch.setattr(token, "remove", gone)
    hard.revoke(leaked)
    assert not verifies(hard, text, clock.now())
    assert hard.algorithms() == ()
    monkeypatch.undo()
    assert hard.add("ES256").held_in == "pkcs11"


def test_new_keys_may_be_made_in_files_again_while_the_old_one_signs(
    hard: KeyRing, folder: Path, clock: ManualClock, module: Path
) -> None:
    back = KeyRing.load(
        folder, clock=clock, entropy=SystemEntropy(), hardware=Pkcs11Token(module, LABEL, PIN, making=False)
    )
    assert back.signing() == hard.signing()
    assert back.rotate("jws").held_in == "file"


def test_a_token_that_does_not_hold_the_key_is_named(hard: KeyRing, folder: Path, clock: ManualClock) -> None:
    with pytest.raises(HardwareUnavailable, match="none is configured"):
        KeyRing.load(folder, clock=clock, entropy=SystemEntropy())
    manifest = (folder / "manifest.json").read_text()
    handle = next(record.handle for record in KeyFolder(folder).read_manifest() if record.handle)
    (folder / "manifest.json").write_text(manifest.replace(handle, "00" * 16))
    with pytest.raises(KeyRingDamaged, match="does not hold"):
        KeyRing.load(folder, clock=clock, entropy=SystemEntropy(), hardware=hard._hardware)


@pytest.mark.parametrize(("label", "pin"), [("another", PIN), (LABEL, "wrong pin")])
def test_a_token_that_does_not_open_is_one_sentence_without_the_pin(module: Path, label: str, pin: str) -> None:
    pkcs11.lib(str(module)).reinitialize()  # logs everybody out
    with pytest.raises(HardwareUnavailable, match="cannot be opened") as caught:
        Pkcs11Token(module, label, pin)
    assert pin not in str(caught.value)


def test_a_lost_session_is_replaced(hard: KeyRing, clock: ManualClock, token: Pkcs11Token) -> None:
    key = hard.signing()
    token._session.close()
    assert verifies(hard, signed(key, clock.now()), clock.now())


def test_tokens_of_a_provider_whose_key_lies_in_hardware(module: Path, one_database_url: str, tmp_path: Path) -> None:
    with provider_at(one_database_url, tmp_path) as provider:
        party = RelyingParty(provider)
        settings = IdpSettings(
            key_dir=tmp_path / "keys", keys="pkcs11", pkcs11_module=module, pkcs11_token=LABEL, pkcs11_pin=PIN
        )
        keys = open_keys(settings, provider.clock, SystemEntropy())
        custody = Custody(keys, provider.ledger)
        custody.rotate("jws")
        provider.clock.advance(DAY)
        provider.keys, provider.app = keys, _app(provider, keys)
        party = party.on(provider.app)
        tokens = party.tokens()
        assert party.introspect(tokens["access_token"])["active"] is True
        header = jose.verify_signature_only(tokens["id_token"], keys.verifying(), typ="JWT").header
        assert header["kid"] == keys.signing().kid
        assert active(keys) == "pkcs11"


def _app(provider: Provider, keys: KeyRing) -> WsgiApp:
    return create_app(
        provider.settings,
        database=provider.database,
        keys=keys,
        ledger=provider.ledger,
        clock=provider.clock,
        entropy=SystemEntropy(),
        passwords=provider.passwords,
        fetch=provider.exchange.fetch,
    )
