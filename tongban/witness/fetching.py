"""Going to a log oneself: its newest checkpoint and the proof from the one we know, judged as any other."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64

import requests

from kernel.text import Text
from tongban.client import authorities
from tongban.witness.protocol import Answer, Witness, request

PATIENCE = 30.0


class LogUnusable(Exception):
    """The log does not answer as a log does; ``text`` says what is wrong."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.text = Text(zh, en)


def fetch_and_add(witness: Witness, address: str) -> tuple[str, Answer]:
    """The checkpoint at ``address`` (such as ``https://H/v1/ledger``) and what the witness says to it.

    Raises LogUnusable, and requests' errors for a log that cannot be reached.
    """
    note = _get(f"{address}/checkpoint").text
    origin, size = head_of(note)
    old = witness.known_size(origin)
    proof = consistency(address, old, size) if 0 < old < size else []
    return note, witness.add(request(old, proof, note))


def head_of(note: str) -> tuple[str, int]:
    """Origin and size that an unverified checkpoint speaks of. Raises LogUnusable."""
    lines = note.split("\n")
    if len(lines) < 3 or not (lines[1].isascii() and lines[1].isdecimal() and len(lines[1]) < 20):
        raise LogUnusable("日志给出的不是检查点", "what the log serves is no checkpoint.")
    return lines[0], int(lines[1])


def consistency(address: str, old: int, new: int) -> list[bytes]:
    """The log's proof that its newer tree extends the older one."""
    answer = _get(f"{address}/consistency?from={old}&to={new}")
    try:
        return [b64decode(one, validate=True) for one in answer.json()["proof"]]
    except (ValueError, KeyError, TypeError, NotBase64):
        raise LogUnusable("日志给出的一致性证明格式有误", "the log's consistency proof is malformed.") from None


def _get(address: str) -> requests.Response:
    answer = requests.get(address, timeout=PATIENCE, verify=authorities(), allow_redirects=False)
    if not answer.ok:
        raise LogUnusable(f"{address} 答复 {answer.status_code}", f"{address} answers {answer.status_code}.")
    return answer
