"""Possession proven at our own endpoints: of a DPoP key (RFC 9449), of a TLS certificate's key (RFC 8705)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from idp.clients import certificates
from idp.errors import InvalidClientError, InvalidDpopProofError, InvalidRequestError, UseDpopNonceError
from idp.model.client import Client
from idp.store import proofs
from idp.store.proofs import ASSERTION, DPOP, SpentProof
from idp.tokens.nonces import Nonces
from kernel.clock import Clock
from kernel.jose import InvalidProof, verify_dpop
from kernel.web.http import HttpRequest, HttpResponse


@dataclass(frozen=True, slots=True)
class Binding:
    """The key a token is bound to, and the proof that still has to be spent."""

    jkt: str
    proof: SpentProof

    @property
    def proofs(self) -> tuple[SpentProof, ...]:
        """What the request uses up."""
        return (self.proof,)


@dataclass(frozen=True, slots=True)
class Possession:
    """Verifies what a request proves it holds."""

    clock: Clock
    nonces: Nonces

    def key(self, request: HttpRequest, *, access_token: str | None = None, jkt: str | None = None) -> Binding | None:
        """The key proven by the request's DPoP header; None without one.

        With ``access_token`` the proof must name it (`ath`), with ``jkt`` it must be by that key (RFC 9449 §4.3).
        Raises InvalidDpopProofError, UseDpopNonceError.
        """
        header = request.headers.get("dpop")
        if header is None:
            return None
        now = self.clock.now()
        try:
            proof = verify_dpop(
                header, method=request.method, url=request.url, now=now, access_token=access_token, jkt=jkt
            )
        except InvalidProof as refusal:
            raise InvalidDpopProofError(f"The DPoP proof is not acceptable: {refusal.reason.value}.") from None
        if not self.nonces.accepts(proof.nonce):  # RFC 9449 §4.3 check 10
            raise UseDpopNonceError(self.nonces.header)
        until = datetime.fromtimestamp(proof.replay_until, UTC)
        return Binding(proof.jkt, SpentProof(DPOP, proof.jkt, proof.jti, until))

    def certificate(self, request: HttpRequest) -> str | None:
        """The thumbprint of the certificate the connection was made with; None without one, or an expired one (D5)."""
        return certificates.current_thumbprint(request.client_certificate, self.clock.now())

    def certificate_of(self, client: Client, request: HttpRequest) -> str | None:
        """What tokens of a client are bound to, if it is registered so (RFC 8705 §3.4). Raises InvalidRequestError."""
        if not client.certificate_bound:
            return None
        found = self.certificate(request)
        if found is None:
            raise InvalidRequestError("Tokens of this client are bound to its TLS certificate, which is missing.")
        return found

    def answered(self, response: HttpResponse, proven: Binding | None) -> HttpResponse:
        """The answer, with the nonce for the next proof where there was one (RFC 9449 §8.2)."""
        return response if proven is None else response.adding(self.nonces.header)


def spend(connection: Connection, used: Sequence[SpentProof]) -> None:
    """Use up assertions and proofs, each once ever. Raises InvalidClientError or InvalidDpopProofError for a replay."""
    for proof in proofs.spent_before(connection, used):
        if proof.kind == ASSERTION:
            raise InvalidClientError
        raise InvalidDpopProofError("The DPoP proof was used before.")
