"""The stranger's side of the ledger: checks receipts and whole logs offline, with a verifier key and nothing else.

Owns the reading of C2SP signed notes, checkpoints and ``tlog-proof@v1`` receipts, RFC 6962 proofs, our commitments and
ES256 signatures of evidence (RFC 7515). Needs only ``hashlib``, ``hmac``, ``base64``, ``json`` and ``cryptography``;
shares no code with the writer (an import contract keeps it so), so that a mistake there cannot excuse itself here.
"""

from kernel.ledger.verify.failure import Check, VerificationFailed
from kernel.ledger.verify.log import verify_growth, verify_log, verify_size
from kernel.ledger.verify.note import Checkpoint, verify_checkpoint
from kernel.ledger.verify.receipt import Verification, verify_receipt
from kernel.ledger.verify.signature import verify_signature

__all__ = [
    "Check",
    "Checkpoint",
    "Verification",
    "VerificationFailed",
    "verify_checkpoint",
    "verify_growth",
    "verify_log",
    "verify_receipt",
    "verify_signature",
    "verify_size",
]
