"""Request headers of a WSGI environment as a read-only mapping with lower-case names, without copying them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

Environ = dict[str, Any]

_WITHOUT_PREFIX = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
# What a proxy says about the caller. Only `Intake` reads these, and only from a trusted proxy: no endpoint can
# mistake a forged one for a fact.
_FORWARDING = frozenset(
    {"forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "client-cert"}
    | {"client-cert-chain", "x-ssl-client-cert"}
)
_PASSED_ON = frozenset({"HTTP_VIA", "HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP"})


def passed_on(environ: Environ) -> bool:
    """Whether a proxy says that it passed this request on."""
    return not _PASSED_ON.isdisjoint(environ)


@lru_cache(maxsize=256)
def variable(name: str) -> str:
    """The WSGI variable that holds the header `name` (PEP 3333)."""
    return _WITHOUT_PREFIX.get(name) or "HTTP_" + name.upper().replace("-", "_")


class WsgiHeaders(Mapping[str, str]):
    """Headers by lower-case name; repeated ones are joined by commas, as the server hands them over."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Environ) -> None:
        """A view of `environ`."""
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        """The value of `name`; raises KeyError when absent or reserved for proxies."""
        if name in _FORWARDING:
            raise KeyError(name)
        value: str = self._environ[variable(name)]
        return value

    def get(self, name: str, default: Any = None) -> Any:
        """As every mapping's, without raising and catching an exception for each header that is absent."""
        return default if name in _FORWARDING else self._environ.get(variable(name), default)

    def __iter__(self) -> Iterator[str]:
        """The names present."""
        for name, key in _WITHOUT_PREFIX.items():
            if self._environ.get(key):
                yield name
        for key in self._environ:
            if key.startswith("HTTP_"):
                name = key[5:].replace("_", "-").lower()
                if name not in _FORWARDING:
                    yield name

    def __len__(self) -> int:
        """How many names are present."""
        return sum(1 for _ in self)
