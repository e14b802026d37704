"""How the answer travels: in the redirect's query, or as a form that the browser posts; plain or signed.

OAuth 2.0 Multiple Response Type Encoding Practices §2.1, OAuth 2.0 Form Post Response Mode §2, JARM §2.3. There is no
fragment: nothing here is answered to scripts.
"""

from __future__ import annotations

from idp.endpoints.asked import Asked
from idp.errors import InvalidRequestError
from idp.model.authorization import ResponseMode, ReturnAddress

SUPPORTED = tuple(mode.value for mode in ResponseMode)


def response_mode_is_supported(asked: Asked) -> None:
    """Multiple Response Types §2.1."""
    if asked.get("response_mode") not in (None, *SUPPORTED):
        raise InvalidRequestError(f"response_mode must be one of: {', '.join(SUPPORTED)}.")


def answer_is_signed_where_it_must_be(asked: Asked) -> None:
    """FAPI 2.0 Message Signing §5.4: the client asks for a signed answer (JARM), since it takes no other."""
    if asked.client.signed_answers and not of(asked).signed:
        raise InvalidRequestError("This client must ask for a signed answer: response_mode=jwt.")


def of(asked: Asked) -> ResponseMode:
    """The mode asked for; the default of `code` where it is not known, so that the refusal can be told."""
    given = asked.get("response_mode")
    return ResponseMode(given) if given in SUPPORTED else ResponseMode.QUERY


def return_address(asked: Asked) -> ReturnAddress:
    """Where even a refusal goes, once redirect_uri is known to be registered (A7)."""
    return ReturnAddress(asked.client.id, str(asked.get("redirect_uri")), asked.get("state"), of(asked))
