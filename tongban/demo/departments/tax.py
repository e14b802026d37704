"""The tax bureau: it gives out signed documents (JWS, RFC 7515), each for one recipient and for minutes."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from tongban.demo.departments.process import Answer, place, serve

SECONDS = 120


def clearance(sale: Mapping[str, str]) -> dict[str, str]:
    """What the document says about one sale."""
    return {
        "certificate": sale["certificate"],
        "price": sale["price"],
        "paid": sale["paid"].replace("-", ""),
        "seller": sale["seller_number"],
        "buyer": sale["buyer_number"],
    }


def signed(sale: Mapping[str, str], given: Mapping[str, Any]) -> str:
    """A document about the seller, for the exchange alone."""
    now = int(time.time())
    claims = {"iss": given["issuer"], "aud": given["audience"], "iat": now, "exp": now + SECONDS}
    header = {"alg": "ES256", "typ": "JWT", "kid": given["key"]["kid"]}
    claims |= {"sub": sale["seller_number"], "clearance": clearance(sale)}
    return jwt.encode(header, claims, ECKey.import_key(dict(given["key"])))


def main() -> None:
    """Serve ``POST /clearances``."""
    here = place()
    given = json.loads((here.folder / "signing.json").read_text(encoding="utf-8"))
    sales = {sale["seller_number"]: sale for sale in here.world["sales"]}

    def handler(path: str, _headers: Mapping[str, str], body: Any) -> Answer:
        asked = body.get("taxpayer") if isinstance(body, dict) and path == "/clearances" else None
        if not isinstance(asked, str):
            return 400, {"error": "POST /clearances with {taxpayer}"}
        return (200, {"document": signed(sales[asked], given)}) if asked in sales else (404, {"error": "no sale"})

    serve(here, handler)


if __name__ == "__main__":
    main()
