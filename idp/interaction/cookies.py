"""The cookies of the sign-in: the session's, the one that binds a request to its browser, the device's."""

from __future__ import annotations

from dataclasses import dataclass

from kernel.web.http import HttpRequest

SESSION = "idp-sso"
BROWSER = "idp-browser"
DEVICE = "idp-device"
LONGEST = 300
"""The device's carries several names (`devices.MOST_NAMES`)."""


@dataclass(frozen=True, slots=True)
class Cookies:
    """Cookies by the provider's rules. With https their names carry the `__Host-` prefix (RFC 6265bis §4.1.3)."""

    https: bool

    def read(self, request: HttpRequest, name: str) -> str | None:
        """The value a browser sent; None when it sent none, or sent the name twice (one of them is then not ours)."""
        wanted = self._name(name)
        pairs = (pair.strip().partition("=") for pair in request.headers.get("cookie", "").split(";"))
        values = [value for key, _, value in pairs if key == wanted and len(value) <= LONGEST]
        return values[0] if len(values) == 1 else None

    def set(self, name: str, value: str) -> tuple[str, str]:
        """The header that sets a cookie until the browser closes: never readable by scripts, never sent cross-site."""
        return ("Set-Cookie", f"{self._name(name)}={value}{self._flags}")

    def keep(self, name: str, value: str, days: int) -> tuple[str, str]:
        """The header that sets a cookie for so many days."""
        return ("Set-Cookie", f"{self._name(name)}={value}; Max-Age={days * 86400}{self._flags}")

    def clear(self, name: str) -> tuple[str, str]:
        """The header that removes a cookie."""
        return ("Set-Cookie", f"{self._name(name)}=; Max-Age=0{self._flags}")

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.https else name

    @property
    def _flags(self) -> str:
        # Lax, not Strict: the browser comes from a department's website and must still be recognised.
        return "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if self.https else "")
