"""The offline verifier: what it accepts, and why it refuses, in two languages."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from kernel.ledger import checkpoint
from kernel.ledger.event import Event
from kernel.ledger.log import Ledger
from kernel.ledger.verify import (
    VerificationFailed,
    verify_checkpoint,
    verify_growth,
    verify_log,
    verify_receipt,
    verify_signature,
)
from tests.doubles import independent_verifier
from tests.doubles.ledgers import ORIGIN, SOMEBODY, VKEY, SeededSigner, append_all

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


def base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk(key: ec.EllipticCurvePrivateKey, **members: object) -> dict[str, object]:
    numbers = key.public_key().public_numbers()
    x, y = (base64url(number.to_bytes(32)) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": "k1", "use": "sig", "alg": "ES256", **members}


def signed(header: dict[str, object], key: ec.EllipticCurvePrivateKey = KEY) -> str:
    signing = f"{base64url(json.dumps(header).encode())}.{base64url(b'{}')}"
    r, s = decode_dss_signature(key.sign(signing.encode(), ec.ECDSA(SHA256())))
    return f"{signing}.{base64url(r.to_bytes(32) + s.to_bytes(32))}"


EVIDENCE = signed({"alg": "ES256", "kid": "k1", "typ": "evidence+jwt"})
JWKS = {"keys": [jwk(KEY)]}


@pytest.fixture
def receipt(small_ledger: Ledger) -> str:
    append_all(small_ledger, 4)
    events = [Event("CaseOpened", "case_1"), Event("EvidenceReleased", "er_x", "1", {}, SOMEBODY, EVIDENCE)]
    return small_ledger.append(events)[1].text


def failure(call: Callable[[], object]) -> VerificationFailed:
    with pytest.raises(VerificationFailed) as failed:
        call()
    assert failed.value.reason.zh != failed.value.reason.en
    return failed.value


def test_the_three_checks_and_what_was_not_asked(receipt: str) -> None:
    nothing = verify_receipt(receipt, vkey=VKEY)
    assert (nothing.in_log, nothing.evidence_matches, nothing.signature_valid) == (True, None, None)
    assert (nothing.origin, nothing.size, nothing.index) == (ORIGIN, 6, 5)
    some = verify_receipt(receipt.encode(), vkey=VKEY, evidence=EVIDENCE)
    assert (some.evidence_matches, some.signature_valid) == (True, None)
    everything = verify_receipt(receipt, vkey=VKEY, evidence=EVIDENCE, jwks=JWKS)
    assert (everything.in_log, everything.evidence_matches, everything.signature_valid) == (True, True, True)
    assert json.loads(everything.leaf)["request"] == "er_x"


def test_a_verifier_that_shares_nothing_with_ours_agrees(receipt: str) -> None:
    assert independent_verifier.accepts(receipt, VKEY, EVIDENCE)
    assert not independent_verifier.accepts(receipt, VKEY, EVIDENCE + "A")


def test_a_vkey_read_from_a_file_may_end_in_a_newline(receipt: str) -> None:
    assert verify_receipt(receipt, vkey=VKEY + "\n").in_log


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda text: "", "not a tlog-proof"),
        (lambda text: text.replace("@v1", "@v2"), "not a tlog-proof"),
        (lambda text: text.replace("\n", "\r\n"), "not a tlog-proof"),
        (lambda text: text + " " * (1 << 19), "too long"),
        (lambda text: text.replace("\nextra ", "\nother "), "does not carry its entry"),
        (lambda text: text.replace("\nindex 5", "\nplace 5"), "malformed receipt"),
        (lambda text: text.replace("\nindex 5", "\nindex 05"), "malformed number"),
        (lambda text: text.replace("\nindex 5", "\nindex ٥"), "malformed number"),
        (lambda text: text.replace("\nindex 5", "\nindex -5"), "malformed number"),
        (lambda text: text.replace("\nindex 5", f"\nindex {'9' * 4400}"), "malformed number"),
        (lambda text: text.replace("\nindex 5", "\nindex 6"), "outside the tree"),
        (lambda text: text.replace("\nindex 5", "\nindex 4"), "not in the log"),
        (lambda text: text.replace("\nindex 5\n", "\nindex 5\n" + "A" * 42 + "A=\n"), "too long"),
        (lambda text: text.replace("\nindex 5\n", "\nindex 5\n" + ("A" * 42 + "A=\n") * 64), "malformed receipt"),
        (lambda text: text.replace("\nindex 5\n", "\nindex 5\nAAAA\n"), "malformed receipt"),
        (lambda text: text.replace("\nindex 5\n", "\nindex 5\n" + "A" * 42 + "B=\n"), "malformed base64"),
        (lambda text: text.replace("\nindex 5\n", "\nindex 5\n***\n"), "malformed base64"),
        (lambda text: text[:-1], "no signature"),
        (lambda text: text + "\n", "no signature"),
        (lambda text: text[: text.index("\n—")] + "\n", "no signature"),
        (lambda text: text.replace("\n\n—", "\n—"), "no signature"),
        (lambda text: text + "— broken\n", "malformed signature line"),
        (lambda text: text + "- ledger.example AAAAAAAA\n", "malformed signature line"),
        (lambda text: text + "— a+b AAAAAAAA\n", "malformed signature line"),
        (lambda text: text + "— witness AAAA\n", "malformed signature line"),
        (lambda text: text + "— witness AAAAAAAA\n" * 100, "no signature"),
        (lambda text: text.replace(f"\n— {ORIGIN}", "\n— someone.else"), "not signed with this log's key"),
        (lambda text: text.replace("\n6\n", "\n7\n"), "signature is not valid"),
        (lambda text: text.replace("\n6\n", "\n6\tx\n"), "malformed note"),
        (lambda text: text.replace("\n6\n", "\n6\n\ud800\n"), "signature is not valid"),
    ],
)
def test_a_receipt_that_is_not_right_is_refused_with_the_reason(
    receipt: str, change: Callable[[str], str], reason: str
) -> None:
    found = failure(lambda: verify_receipt(change(receipt), vkey=VKEY))
    assert (found.check, reason in found.reason.en) == ("log", True), found.reason.en


def test_a_proof_that_is_cut_short_is_refused(receipt: str) -> None:
    head, rest = receipt.split("\nindex 5\n")
    cut = f"{head}\nindex 5\n{rest.split(chr(10), 1)[1]}"
    assert "too short" in failure(lambda: verify_receipt(cut, vkey=VKEY)).reason.en


def test_bytes_that_are_not_text_are_refused(receipt: str) -> None:
    assert "UTF-8" in failure(lambda: verify_receipt(receipt.encode() + b"\xff", vkey=VKEY)).reason.en


def with_extra(receipt: str, change: Callable[[bytes], bytes]) -> str:
    lines = receipt.split("\n")
    lines[1] = "extra " + b64encode(change(b64decode(lines[1].removeprefix("extra ")))).decode()
    return "\n".join(lines)


@pytest.mark.parametrize(
    "change",
    [
        lambda extra: b"",
        lambda extra: b"[]",
        lambda extra: b"{}",
        lambda extra: b"\xff",
        lambda extra: b"[" * 100_000,
        lambda extra: extra.replace(b'"salt"', b'"leaf"'),
        lambda extra: extra.replace(b'"salt"', b'"sold"'),
        lambda extra: extra.replace(b",", b", "),
        lambda extra: extra + b"\n",
        lambda extra: extra.replace(b'"leaf":"', b'"leaf":"\\u0065'),
        lambda extra: b'{"leaf":5}',
        lambda extra: b'{"salt":"AAAA"}',
    ],
)
def test_extra_data_in_any_other_form_is_refused(receipt: str, change: Callable[[bytes], bytes]) -> None:
    assert "malformed" in failure(lambda: verify_receipt(with_extra(receipt, change), vkey=VKEY)).reason.en


@pytest.mark.parametrize(
    ("vkey", "reason"),
    [
        ("", "malformed"),
        ("name+00000000", "malformed"),
        (VKEY.replace("+4058ef7c+", "+4058ef7d+"), "does not fit"),
        (VKEY.replace("+4058ef7c+", "+4058EF7C+"), "does not fit"),
        (VKEY[:-4], "malformed"),
        ("a b" + VKEY[len(ORIGIN) :], "malformed"),
        (f"{ORIGIN}+4058ef7c+{b64encode(bytes([4]) + bytes(32)).decode()}", "malformed"),
    ],
)
def test_a_verifier_key_that_is_none_is_refused(receipt: str, vkey: str, reason: str) -> None:
    assert reason in failure(lambda: verify_receipt(receipt, vkey=vkey)).reason.en


def test_another_logs_key_does_not_verify(receipt: str) -> None:
    other = checkpoint.vkey(ORIGIN, SeededSigner(bytes(32)).public_key)
    assert "not signed with this log's key" in failure(lambda: verify_receipt(receipt, vkey=other)).reason.en


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{ORIGIN}\n3\n", "malformed checkpoint"),
        (f"{ORIGIN}\n3\nAAAA\n", "malformed checkpoint"),
        (f"{ORIGIN}\n03\n{b64encode(bytes(32)).decode()}\n", "malformed number"),
        (f"other.example\n3\n{b64encode(bytes(32)).decode()}\n", "another log"),
    ],
)
def test_a_signed_text_that_is_no_checkpoint_of_this_log_is_refused(text: str, reason: str) -> None:
    signer = SeededSigner()
    signature = b64encode(checkpoint.key_id(ORIGIN, signer.public_key) + signer.sign(text.encode())).decode()
    assert reason in failure(lambda: verify_checkpoint(f"{text}\n— {ORIGIN} {signature}\n", vkey=VKEY)).reason.en


def test_extension_lines_of_a_checkpoint_are_ignored() -> None:
    signer, text = SeededSigner(), f"{ORIGIN}\n3\n{b64encode(bytes(32)).decode()}\nextension\n"
    signature = b64encode(checkpoint.key_id(ORIGIN, signer.public_key) + signer.sign(text.encode())).decode()
    assert verify_checkpoint(f"{text}\n— {ORIGIN} {signature}\n", vkey=VKEY).size == 3


def test_a_second_signature_by_the_same_key_must_be_good_too(receipt: str) -> None:
    line = receipt.rstrip("\n").rsplit("\n", 1)[1]
    name, blob = line.rsplit(" ", 1)
    good = b64decode(blob)
    bad = good[:9] + bytes([good[9] ^ 1]) + good[10:]
    doubled = f"{receipt}{name} {b64encode(bad).decode()}\n"
    assert "not valid" in failure(lambda: verify_receipt(doubled, vkey=VKEY)).reason.en


# Evidence -------------------------------------------------------------------------------------------------------------


def test_other_evidence_is_refused(receipt: str) -> None:
    for evidence in (EVIDENCE + "A", EVIDENCE[:-1], "", EVIDENCE.upper(), "\ud800"):
        found = failure(lambda evidence=evidence: verify_receipt(receipt, vkey=VKEY, evidence=evidence))
        assert (found.check, found.reason.en) == ("evidence", "the evidence is not the recorded one")


def test_an_entry_without_commitment_vouches_for_no_evidence(small_ledger: Ledger) -> None:
    text = small_ledger.append([Event("CaseOpened", "case_1")])[0].text
    found = failure(lambda: verify_receipt(text, vkey=VKEY, evidence=EVIDENCE))
    assert (found.check, "no evidence" in found.reason.en) == ("evidence", True)


def test_without_salt_evidence_cannot_be_matched(receipt: str) -> None:
    cut = with_extra(receipt, lambda extra: extra[: extra.index(b',"salt"')] + b"}")
    assert verify_receipt(cut, vkey=VKEY).in_log
    found = failure(lambda: verify_receipt(cut, vkey=VKEY, evidence=EVIDENCE))
    assert (found.check, "salt" in found.reason.en) == ("evidence", True)


# The evidence's signature ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "jwks",
    [
        {"keys": [jwk(OTHER_KEY, kid="k2"), jwk(KEY)]},
        {"keys": ["not a key", {"kty": "RSA"}, jwk(KEY)]},
    ],
)
def test_one_key_of_the_set_is_enough(jwks: dict[str, object]) -> None:
    verify_signature(EVIDENCE, jwks)


def test_evidence_that_names_no_key_may_be_signed_by_any() -> None:
    verify_signature(signed({"alg": "ES256"}), {"keys": [jwk(OTHER_KEY), jwk(KEY, kid="k9")]})


@pytest.mark.parametrize(
    ("evidence", "jwks", "reason"),
    [
        (None, JWKS, "not a compact JWS"),
        ("a.b", JWKS, "not a compact JWS"),
        (EVIDENCE + "=", JWKS, "not a compact JWS"),
        (EVIDENCE + "é", JWKS, "not a compact JWS"),
        (signed({"alg": "none"}), JWKS, "not ES256"),
        (signed({"alg": "HS256", "kid": "k1"}), JWKS, "not ES256"),
        (signed({"alg": "ES256", "kid": "k1", "crit": ["exp"]}), JWKS, "not ES256"),
        (EVIDENCE.rsplit(".", 1)[0] + ".AAAA", JWKS, "wrong length"),
        (EVIDENCE.rsplit(".", 1)[0] + "." + "A" * 86, JWKS, "no key"),
        (EVIDENCE, {"keys": []}, "no key"),
        (EVIDENCE, {}, "no key"),
        (EVIDENCE, {"keys": "all"}, "no key"),
        (EVIDENCE, {"keys": [jwk(KEY, kid="k2")]}, "no key"),
        (EVIDENCE, {"keys": [jwk(OTHER_KEY)]}, "no key"),
        (EVIDENCE, {"keys": [jwk(KEY, use="enc")]}, "no key"),
        (EVIDENCE, {"keys": [jwk(KEY, alg="ES384")]}, "no key"),
        (EVIDENCE, {"keys": [jwk(KEY, crv="P-384")]}, "no key"),
        (EVIDENCE, {"keys": [jwk(KEY, x="AAAA")]}, "not on its curve"),
        (EVIDENCE, {"keys": [jwk(KEY, x="AAAAA")]}, "malformed base64url"),
        (EVIDENCE, {"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1"}]}, "not on its curve"),
        ("e30AA." + EVIDENCE.split(".", 1)[1], JWKS, "malformed base64url"),
        ("W10." + EVIDENCE.split(".", 1)[1], JWKS, "malformed JSON"),
        (base64url(b'{"alg":"none","alg":"ES256"}') + ".." + "A" * 86, JWKS, "malformed JSON"),
    ],
)
def test_a_signature_that_is_not_by_a_key_of_the_set_is_refused(
    evidence: str | None, jwks: dict[str, object], reason: str
) -> None:
    found = failure(lambda: verify_signature(evidence, jwks))
    assert (found.check, reason in found.reason.en) == ("signature", True), found.reason.en


def test_a_signature_is_not_checked_before_the_log_and_the_commitment(receipt: str) -> None:
    forged = signed({"alg": "ES256", "kid": "k1"})
    assert failure(lambda: verify_receipt(receipt, vkey=VKEY, evidence=forged, jwks=JWKS)).check == "evidence"


# Whole logs -----------------------------------------------------------------------------------------------------------


def test_l1_an_entry_changed_removed_inserted_or_moved_is_found(small_ledger: Ledger) -> None:
    append_all(small_ledger, 9)
    entries, note = small_ledger.entries(0, 9), small_ledger.checkpoint()
    changed = [*entries[:4], entries[4].replace(b"name", b"game"), *entries[5:]]
    for wrong in (entries[:8], [*entries, b"{}"], [entries[1], entries[0], *entries[2:]], changed, entries[1:]):
        failure(lambda wrong=wrong: verify_log(wrong, checkpoint=note, vkey=VKEY))
    assert verify_log(iter(entries), checkpoint=note, vkey=VKEY).size == 9


def test_growth_is_proved_or_refused(small_ledger: Ledger) -> None:
    empty = small_ledger.checkpoint()
    append_all(small_ledger, 3)
    three = small_ledger.checkpoint()
    small_ledger.append([Event("CaseOpened", f"case_{number}") for number in range(4)])
    seven, proof = small_ledger.checkpoint(), small_ledger.consistency(3, 7)
    before, after = verify_growth(three, seven, proof, vkey=VKEY)
    assert (before.size, after.size) == (3, 7)
    verify_growth(empty, seven, [], vkey=VKEY)
    assert "shorter" in failure(lambda: verify_growth(seven, three, proof, vkey=VKEY)).reason.en
    wrong = [[], proof[:-1], [*proof, proof[0]], proof[::-1], [bytes(32), *proof[1:]]]
    for one in wrong:
        assert "contradict" in failure(lambda one=one: verify_growth(three, seven, one, vkey=VKEY)).reason.en
    assert "contradict" in failure(lambda: verify_growth(seven, seven, [bytes(32)], vkey=VKEY)).reason.en
    assert "contradict" in failure(lambda: verify_growth(empty, seven, [bytes(32)], vkey=VKEY)).reason.en


def test_the_verifier_brings_no_database_and_no_writer_along() -> None:
    program = "import sys, kernel.ledger.verify; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    ours = {name for name in loaded if name.startswith("kernel")}
    assert {name for name in ours if not name.startswith("kernel.ledger.verify")} == {
        "kernel",
        "kernel.ledger",
        "kernel.text",
    }
    assert not {"sqlalchemy", "joserfc", "orjson", "psycopg", "flask"} & set(loaded)
