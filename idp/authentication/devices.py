"""The devices a person signed in on before: known by a cookie, so that strangers' guesses cannot shut the owner out.

OWASP "Device cookies": guesses from a known device have a counter of their own (NIST SP 800-63B-4 §3.2.2 asks that
limits on guesses do not deny service to the subscriber). The cookie is 256 random bits; only its hash is kept, beside
the person it is known for: it opens nothing and says nothing by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from kernel.text import Text

KEPT = timedelta(days=365)

_BROWSERS = (
    ("edge", re.compile(r"\bEdgA?/|\bEdgiOS/")),
    ("wechat", re.compile(r"\bMicroMessenger/")),
    ("firefox", re.compile(r"\bFirefox/|\bFxiOS/")),
    ("chrome", re.compile(r"Chrome/|\bCriOS/|\bChromium/")),
    ("safari", re.compile(r"\bSafari/")),
)
_SYSTEMS = (
    ("harmony", re.compile(r"OpenHarmony|HarmonyOS")),
    ("android", re.compile(r"Android")),
    ("ios", re.compile(r"iPhone|iPad|iPod")),
    ("windows", re.compile(r"Windows")),
    ("macos", re.compile(r"Mac OS X|Macintosh")),
    ("linux", re.compile(r"Linux|X11")),
)
_WORDS = {
    "edge": Text("Edge 浏览器", "Edge"),
    "wechat": Text("微信", "WeChat"),
    "firefox": Text("Firefox 浏览器", "Firefox"),
    "chrome": Text("Chrome 浏览器", "Chrome"),
    "safari": Text("Safari 浏览器", "Safari"),
    "harmony": Text("鸿蒙", "HarmonyOS"),
    "android": Text("安卓", "Android"),
    "ios": Text("iPhone 或 iPad", "iPhone or iPad"),
    "windows": Text("Windows", "Windows"),
    "macos": Text("Mac", "Mac"),
    "linux": Text("Linux", "Linux"),
}
_UNKNOWN = Text("未知设备", "an unknown device")
_LONGEST_AGENT = 500


@dataclass(frozen=True, slots=True)
class Device:
    """Where a request comes from: the caller's address, the device cookie if it sent one, and the kind of device."""

    address: str = field(repr=False)
    cookie: str | None = field(default=None, repr=False)
    kind: str = ""

    @property
    def network(self) -> str:
        """As much of the address as sessions show: an IPv4 /16 or an IPv6 /32, about a provider's region."""
        try:
            parsed = ip_address(self.address)
        except ValueError:
            return ""
        if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
            return f"{parsed.exploded[:9]}::/32"
        plain = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else parsed
        first, second, *_ = str(plain).split(".")
        return f"{first}.{second}.*.*"


def kind_of(user_agent: str) -> str:
    """Browser and system as a short code such as ``chrome windows``; '' when neither is recognised."""
    agent = user_agent[:_LONGEST_AGENT]
    found = (next((name for name, mark in marks if mark.search(agent)), "") for marks in (_BROWSERS, _SYSTEMS))
    return " ".join(name for name in found if name)


def words(kind: str | None) -> Text:
    """A kind of device in words."""
    parts = [_WORDS[name] for name in (kind or "").split() if name in _WORDS]
    if not parts:
        return _UNKNOWN
    return Text("，".join(part.zh for part in parts), ", ".join(part.en for part in parts))
