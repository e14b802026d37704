"""DPoP at our own endpoints (RFC 9449): which key a request proves it holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from idp.clients.authentication import ASSERTION
from idp.errors import InvalidClientError, InvalidDpopProofError
from idp.store import proofs
from idp.store.proofs import SpentProof
from kernel.jose import InvalidProof, verify_dpop
from kernel.web.http import HttpRequest

DPOP = "dpop"
ALGORITHMS = ("ES256", "EdDSA")


@dataclass(frozen=True, slots=True)
class Binding:
    """The key a token is bound to, and the proof that still has to be spent."""

    jkt: str
    proof: SpentProof

    @property
    def proofs(self) -> tuple[SpentProof, ...]:
        """What the request uses up."""
        return (self.proof,)


def binding(
    request: HttpRequest, now: datetime, *, access_token: str | None = None, jkt: str | None = None
) -> Binding | None:
    """The key proven by the request's DPoP header; None without one. Raises InvalidDpopProofError.

    With ``access_token`` the proof must name it (`ath`), with ``jkt`` it must be by that key (RFC 9449 §4.3).
    """
    header = request.headers.get("dpop")
    if header is None:
        return None
    try:
        proof = verify_dpop(header, method=request.method, url=request.url, now=now, access_token=access_token, jkt=jkt)
    except InvalidProof as refusal:
        raise InvalidDpopProofError(f"The DPoP proof is not acceptable: {refusal.reason.value}.") from None
    until = datetime.fromtimestamp(proof.replay_until, UTC)
    return Binding(proof.jkt, SpentProof(DPOP, proof.jkt, proof.jti, until))


def spend(connection: Connection, used: Iterable[SpentProof]) -> None:
    """Use up assertions and proofs, each once ever. Raises InvalidClientError or InvalidDpopProofError for a replay."""
    for proof in used:
        if not proofs.spend(connection, proof):
            raise (
                InvalidClientError
                if proof.kind == ASSERTION
                else InvalidDpopProofError("The DPoP proof was used before.")
            )
