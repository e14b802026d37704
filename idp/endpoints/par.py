"""Pushed authorization requests (RFC 9126), signed ones (§3) too: the checks of /authorize, before any browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from idp.endpoints.asked import Reader
from idp.endpoints.authorization_request import BEFORE_ANY_REDIRECT, check, read, request_object_is_acceptable
from idp.endpoints.client_requests import ClientDoor
from idp.endpoints.forms import form
from idp.errors import NO_STORE, InvalidDpopProofError, InvalidRequestError
from idp.model.client import Client
from idp.model.secret import hashed
from idp.store import pushed_requests
from idp.tokens import lifetimes
from idp.tokens.proof_of_possession import Binding, Possession
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token
from kernel.web.http import HttpRequest, HttpResponse, json_response

REQUEST_URI_PREFIX = "urn:ietf:params:oauth:request_uri:"
_CREDENTIALS = frozenset({"client_assertion", "client_assertion_type", "client_secret"})


@dataclass(frozen=True, slots=True)
class PushedRequestEndpoint:
    """POST /par."""

    door: ClientDoor
    reader: Reader
    possession: Possession
    database: Database
    clock: Clock
    entropy: Entropy

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """A one-time reference to a checked request. Raises OAuthError."""
        parameters = form(request)
        binding = self.possession.key(request)
        authenticated = self.door.enter(request, parameters, proofs=() if binding is None else binding.proofs)
        kept = self._checked(authenticated.client, parameters, binding)
        reference = REQUEST_URI_PREFIX + token(self.entropy)
        self._keep(hashed(reference), authenticated.client, kept)
        seconds = int(lifetimes.PUSHED_REQUEST.total_seconds())
        answer = json_response({"request_uri": reference, "expires_in": seconds}, 201, NO_STORE)
        return self.possession.answered(answer, binding)

    def _checked(self, client: Client, parameters: Mapping[str, str], binding: Binding | None) -> dict[str, str]:
        if "request_uri" in parameters:  # RFC 9126 §2.1 step 2
            raise InvalidRequestError("A pushed request must not refer to another.")
        sent = {name: value for name, value in parameters.items() if name not in _CREDENTIALS}
        asked = self.reader.arriving(client, True, sent)
        request_object_is_acceptable(asked)
        kept = {**asked.parameters, "client_id": client.id} | bound_key(asked.parameters, binding)
        asked = replace(asked, parameters=kept)
        check(asked, BEFORE_ANY_REDIRECT)
        read(asked)
        return kept

    def _keep(self, reference: bytes, client: Client, kept: dict[str, str]) -> None:
        until = self.clock.now() + lifetimes.PUSHED_REQUEST
        self.database.write(lambda connection: pushed_requests.add(connection, reference, client.id, kept, until))


def bound_key(parameters: Mapping[str, str], binding: Binding | None) -> dict[str, str]:
    """RFC 9449 §10.1: a proof at /par binds the code to its key; a dpop_jkt beside it must be the same (D4)."""
    if binding is None:
        return {}
    if parameters.get("dpop_jkt", binding.jkt) != binding.jkt:
        raise InvalidDpopProofError("dpop_jkt is not the key of the DPoP proof.")
    return {"dpop_jkt": binding.jkt}
