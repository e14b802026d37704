"""The devices a person signed in on before: known by a cookie, so that strangers' guesses cannot shut the owner out.

OWASP "Device cookies": guesses from a known device have a counter of their own (NIST SP 800-63B-4 §3.2.2 asks that
limits on guesses do not deny service to the subscriber). Its cookie carries a name of 256 random bits for each person
who signed in there; only the name's hash is kept, beside the person it is known for: it opens nothing and says nothing
by itself. A name is made when its person signs in, and none is taken from a browser for a person it is not known for:
whoever put one there beforehand would have it elsewhere, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv6Address, ip_address

from idp.model.secret import hashed
from idp.store import devices as stored
from kernel.clock import Clock
from kernel.database import Database
from kernel.text import Text

KEPT = timedelta(days=365)
MOST_NAMES = 6
"""In one cookie: a family's, or a window's shifts'. Beyond them whoever was there longest ago is a stranger again."""
_NAME = re.compile(r"[A-Za-z0-9_-]{43}")

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
    """Where a request comes from: the caller's address, the device's cookie if it sent one, and the kind of device."""

    address: str = field(repr=False)
    cookie: str | None = field(default=None, repr=False)
    kind: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names its cookie carries, the one used last first; what cannot be one is left out."""
        sent = [each for each in (self.cookie or "").split(".") if _NAME.fullmatch(each)]
        return tuple(dict.fromkeys(sent))[:MOST_NAMES]

    def carrying(self, name: str) -> str:
        """The cookie that carries this name first, and the others after it."""
        return ".".join([name, *(each for each in self.names if each != name)][:MOST_NAMES])

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


@dataclass(frozen=True, slots=True)
class KnownDevices:
    """Tells by which name, if any, a device is known for a person."""

    database: Database
    clock: Clock

    def known(self, device: Device, person_id: str) -> str | None:
        """The name of a device this person signed in on before. Names nobody has take the same way."""
        return next(iter(self._found(device, person_id)), None)

    def proven(self, device: Device, person_id: str) -> str | None:
        """The name of a device on which this person showed two factors before: guesses at codes there count apart.

        One shown alone is not enough: whoever has the password would begin a new count with every new device.
        """
        return next((name for name, proven in self._found(device, person_id).items() if proven), None)

    def _found(self, device: Device, person_id: str) -> dict[str, bool]:
        hashes = {name: hashed(name) for name in device.names}
        with self.database.read() as connection:
            found = stored.known(connection, [*hashes.values()], person_id, self.clock.now())
        return {name: found[each] for name, each in hashes.items() if each in found}


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
