"""``POST <prefix>/add-checkpoint`` (C2SP tlog-witness), as a function of its body."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from kernel.clock import Clock
from kernel.ledger.verify import Checkpoint, VerificationFailed, verify_checkpoint
from kernel.ledger.verify.tree import is_consistent
from tongban.witness.cosigner import Cosigner
from tongban.witness.state import State

MOST_PROOF_LINES = 63
LARGEST_BODY = 1 << 16
SIZE_TYPE = "text/x.tlog.size"
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")
_EMPTY_ROOT = sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and content type."""

    status: int
    body: str
    content_type: str = "text/plain; charset=utf-8"


class Refused(Exception):
    """The answer is no."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.answer = Answer(status, f"{reason}\n")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, parsed: the size its sender believes we know, the proof from there, the checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    @property
    def origin(self) -> str:
        """What the checkpoint says it is of; not believed until its signature is verified."""
        return self.note.partition("\n")[0]


class Witness:
    """Judges checkpoints of the logs it was told of. ``logs``: verifier key by origin."""

    def __init__(self, cosigner: Cosigner, state: State, logs: Mapping[str, str], clock: Clock) -> None:
        self._cosigner, self._state, self._logs, self._clock = cosigner, state, dict(logs), clock

    def add(self, body: bytes) -> Answer:
        """The answer to a request's body. 200 only after the new state is durable."""
        try:
            asked = parse(body)
            head = self._trusted(asked)
            with self._state.locked():
                return self._judge(asked, head)
        except Refused as refusal:
            return refusal.answer

    def newest(self, origin_hash: str) -> Answer:
        """``GET <prefix>/<hex SHA-256 of origin>/checkpoint``: the newest cosigned checkpoint."""
        for origin in self._logs:
            if sha256(origin.encode()).hexdigest() == origin_hash:
                note = self._state.newest(origin)
                return Answer(404, "nothing cosigned yet\n") if note is None else Answer(200, note)
        return Answer(404, "unknown log\n")

    def known_size(self, origin: str) -> int:
        """The tree size last cosigned; 0 where there is none."""
        return self._known(origin)[0]

    def _trusted(self, asked: Asked) -> Checkpoint:
        vkey = self._logs.get(asked.origin)
        if vkey is None:
            raise Refused(404, "unknown log origin")
        try:
            head = verify_checkpoint(asked.note, vkey=vkey)
        except VerificationFailed as failure:
            raise Refused(403, failure.reason.en) from None
        if asked.old > head.size:
            raise Refused(400, "the old size is larger than the checkpoint's")
        return head

    def _judge(self, asked: Asked, head: Checkpoint) -> Answer:
        size, root = self._known(head.origin)
        if asked.old != size:
            return Answer(409, f"{size}\n", SIZE_TYPE)
        if not is_extension(size, root, head, asked.proof):
            raise Refused(422, "the checkpoint does not extend the one that was cosigned before")
        text = asked.note.rpartition("\n\n")[0] + "\n"
        line = self._cosigner.line(text, int(self._clock.now().timestamp()))
        self._state.remember(head.origin, f"{asked.note}{line}")
        return Answer(200, line)

    def _known(self, origin: str) -> tuple[int, bytes]:
        note = self._state.newest(origin) if origin in self._logs else None
        if note is None:
            return 0, _EMPTY_ROOT
        head = verify_checkpoint(note, vkey=self._logs[origin])
        return head.size, head.root


def is_extension(size: int, root: bytes, head: Checkpoint, proof: tuple[bytes, ...]) -> bool:
    """Whether a signed tree extends the one we know: consistency as RFC 6962 §2.1.4 has it, and nothing else."""
    if head.size == 0:
        return size == 0 and not proof and head.root == _EMPTY_ROOT
    return is_consistent(size, root, head.size, head.root, proof)


def parse(body: bytes) -> Asked:
    """The parts of a request. Raises Refused."""
    if len(body) > LARGEST_BODY:
        raise Refused(400, "the request is too large")
    try:
        first, _, rest = body.decode().partition("\n")
    except UnicodeDecodeError:
        raise Refused(400, "the request is not UTF-8") from None
    match = _OLD.fullmatch(first)
    proof, blank, note = ("", "\n", rest[1:]) if rest.startswith("\n") else rest.partition("\n\n")
    if match is None or not blank or not note:
        raise Refused(400, "the request is: old <size>, proof lines, an empty line, a checkpoint")
    lines = proof.split("\n") if proof else []
    if len(lines) > MOST_PROOF_LINES:
        raise Refused(400, "the proof has too many lines")
    return Asked(int(match.group(1)), tuple(map(_hash, lines)), note)


def _hash(line: str) -> bytes:
    try:
        data = b64decode(line, validate=True)
    except (NotBase64, ValueError):
        data = b""
    if len(data) != 32 or b64encode(data).decode() != line:
        raise Refused(400, "a proof line is one hash in base64")
    return data


def request(old: int, proof: list[bytes], note: str) -> bytes:
    """The body that asks for a cosignature."""
    return "".join([f"old {old}\n", *(f"{b64encode(one).decode()}\n" for one in proof), "\n", note]).encode()
