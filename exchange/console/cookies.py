"""The cookies of the pages: the session's, and the one that binds a sign-in under way to its browser.

Officers and citizens have their own: somebody who is both is never taken for the other.
"""

from __future__ import annotations

from dataclasses import dataclass

from kernel.web.http import HttpRequest

SESSION = "exchange-console"
ATTEMPT = "exchange-sign-in"
MY_SESSION = "exchange-my"
MY_ATTEMPT = "exchange-my-sign-in"
LONGEST = 2048


@dataclass(frozen=True, slots=True)
class Cookies:
    """With https their names carry the `__Host-` prefix (RFC 6265bis §4.1.3)."""

    https: bool

    def read(self, request: HttpRequest, name: str) -> str | None:
        """The value a browser sent; None when it sent none, or the name twice (one of them is then not ours)."""
        wanted = self._name(name)
        pairs = (pair.strip().partition("=") for pair in request.headers.get("cookie", "").split(";"))
        values = [value for key, _, value in pairs if key == wanted and 0 < len(value) <= LONGEST]
        return values[0] if len(values) == 1 else None

    def set(self, name: str, value: str) -> tuple[str, str]:
        """The header that sets a cookie until the browser closes: never readable by scripts, never sent cross-site."""
        return ("Set-Cookie", f"{self._name(name)}={value}{self._flags}")

    def clear(self, name: str) -> tuple[str, str]:
        """The header that removes a cookie."""
        return ("Set-Cookie", f"{self._name(name)}=; Max-Age=0{self._flags}")

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.https else name

    @property
    def _flags(self) -> str:
        # Lax, not Strict: the browser comes back from the identity provider and must be recognised.
        return "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if self.https else "")
