"""The published test vectors, to the byte."""

from base64 import b64decode
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kernel.ledger import checkpoint, merkle, receipt
from kernel.ledger.verify import verify_checkpoint

ENTRIES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
ORIGIN = "ledger.example/v1/ledger"
VKEY = "ledger.example/v1/ledger+4058ef7c+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
WITNESS = (
    "— witness.example/w1 "
    "IDJKvgAAAABrSdIAoosruMnpTi/T4SZsmmv5Zbv+hM3UcRq5MYQEY2acT6S1yP8h0/wp5S1JQ8nF88lKtyudiV5NyA7duz0ab4SUCw==\n"
)
RECEIPT_SHA256 = "0bd143f23b3c80751ef7e2c360732459bec1e155a6e3fb804074068ba12e4b1b"


class SeededSigner:
    """Ed25519 from a 32-byte seed."""

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public_key = self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


LOG = SeededSigner(bytes(range(32)))


@pytest.mark.parametrize(("count", "root"), ROOTS.items())
def test_rfc_6962_roots(count: int, root: str) -> None:
    hashes = [merkle.leaf_hash(bytes.fromhex(entry)) for entry in ENTRIES[:count]]
    assert merkle.grow(merkle.Frontier.empty(), hashes).frontier.root().hex() == root


def test_signed_note_verifier_key() -> None:
    assert checkpoint.vkey(ORIGIN, LOG.public_key) == VKEY


def three_leaves() -> tuple[merkle.Growth, str]:
    growth = merkle.grow(merkle.Frontier.empty(), [merkle.leaf_hash(b"leaf-%d" % n) for n in range(3)])
    return growth, checkpoint.sign(ORIGIN, 3, growth.frontier.root(), LOG)


def test_tlog_proof_of_entry_1_of_3_to_the_byte() -> None:
    growth, note = three_leaves()
    lines = merkle.ProofLines(3, growth.stored).of(0, 1)
    text = (receipt.proof_text(1, lines, note) + WITNESS).encode()
    assert len(text) == 445
    assert sha256(text).hexdigest() == RECEIPT_SHA256


def test_signed_note_lines_of_unknown_signers_are_skipped() -> None:
    growth, note = three_leaves()
    seen = verify_checkpoint(note + WITNESS, vkey=VKEY)
    assert (seen.origin, seen.size, seen.root) == (ORIGIN, 3, growth.frontier.root())
    assert b64decode("z3Y6BByBzu8VeKYIP3XGG+8uABTyo+aDqX/Pylvn8Zo=") == seen.root


def test_the_guides_vector_is_the_one_we_make() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "guides" / "verify-a-receipt.md").read_text("utf-8")
    growth, note = three_leaves()
    lines = merkle.ProofLines(3, growth.stored).of(0, 1)
    assert f"```\n{receipt.proof_text(1, lines, note)}```\n" in guide
    assert VKEY in guide
