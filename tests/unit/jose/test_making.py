"""What a client makes is what a server takes: RFC 9449 §4.2 and §4.3, RFC 7523 §3, OpenID Connect Core 1.0 §3.1.3.6."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kernel import jose
from kernel.entropy import SeededEntropy

NOW = datetime(2026, 11, 28, 2, tzinfo=UTC)
URL = "https://exchange.example/v1/cases"
KEYS = {
    "ES256": jose.SigningKey.from_private_jwk(jose.generate_p256(SeededEntropy(1)), "ES256"),
    "Ed25519": jose.SigningKey.from_private_jwk(jose.generate_ed25519(SeededEntropy(2)), "Ed25519"),
}


@pytest.mark.parametrize("alg", KEYS)
def test_a_proof_that_was_made_is_taken_for_its_request_alone(alg: str) -> None:
    claims = jose.proof_claims("POST", URL, now=NOW, entropy=SeededEntropy(3), access_token="a.b.c")
    proof = jose.prove(claims, KEYS[alg])
    taken = jose.verify_dpop(proof, method="POST", url=URL, now=NOW, access_token="a.b.c")
    assert (taken.jti, taken.jkt) == (claims["jti"], jose.thumbprint(KEYS[alg].jwk))
    with pytest.raises(jose.InvalidProof, match="wrong-token-hash"):
        jose.verify_dpop(proof, method="POST", url=URL, now=NOW, access_token="another")


@pytest.mark.parametrize("alg", KEYS)
def test_a_client_names_itself_to_one_audience_for_a_minute(alg: str) -> None:
    sent = jose.client_assertion(KEYS[alg], "a-client", "https://id.example", now=NOW, entropy=SeededEntropy(4))
    assert sent["client_assertion_type"] == jose.CLIENT_ASSERTION_TYPE
    keys = [jose.VerifyingKey.from_jwk(KEYS[alg].jwk, alg)]

    def verified(audience: str, at: datetime) -> jose.Verified:
        return jose.verify_client_assertion(
            sent["client_assertion"], keys, client_id="a-client", audience=audience, now=at
        )

    assert verified("https://id.example", NOW).claims["jti"]
    with pytest.raises(jose.InvalidToken, match="wrong-audience"):
        verified("https://other.example", NOW)
    with pytest.raises(jose.InvalidToken, match="expired"):
        verified("https://id.example", NOW + timedelta(minutes=2))


def test_half_a_hash_is_that_of_the_tokens_own_algorithm() -> None:
    """The example of OpenID Connect Core 1.0 A.3, and the length for Ed25519, which hashes by SHA-512."""
    assert jose.half_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y", "RS256") == "77QmUPtjPfzWtF2AnpK9RQ"
    assert len(jose.half_hash("a.b.c", "Ed25519")) == 43
    assert jose.half_hash("a.b.c", "EdDSA") == jose.half_hash("a.b.c", "Ed25519")
