"""The `files.s3` part of a manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from connectors.faults import fault, within
from connectors.rest import addresses


@dataclass(frozen=True, slots=True)
class S3Settings:
    """The objects of a bucket whose keys begin with a prefix.

    Attributes:
        endpoint: ``https://HOST[:PORT]``.
        insecure_http: whether plain http may be spoken inside a private network.
        ca_file: certificates that may vouch for the storage, instead of the system's.
        region: that requests are signed for.
        path_style: whether the bucket stands in the path, rather than before the host's name.
        prefix: "" or ending in a slash.
        key_id, key_id_secret: of the access key whose other half is the secret; one of them is "".
        token_secret: what belongs to a key that was given for a while (a session token); "" for a lasting one.
        every: seconds between two looks.
        patience: seconds that fetching one file may take.
    """

    endpoint: str
    insecure_http: bool
    ca_file: str
    region: str
    bucket: str
    path_style: bool
    prefix: str
    key_id: str
    key_id_secret: str
    secret: str
    token_secret: str
    every: float
    patience: float

    @property
    def location(self) -> str:
        """The bucket's address, without a slash at its end."""
        parts = urlsplit(self.endpoint)
        usual = {"https": 443, "http": 80}[parts.scheme]
        host = parts.hostname or ""
        netloc = f"[{host}]" if ":" in host else host
        netloc += "" if parts.port in {None, usual} else f":{parts.port}"
        if self.path_style:
            return f"{parts.scheme}://{netloc}/{self.bucket}"
        return f"{parts.scheme}://{self.bucket}.{netloc}"

    @property
    def identity(self) -> tuple[str, ...]:
        """Which objects these are, whatever way there is to them."""
        return ("s3", self.endpoint, self.bucket, self.prefix)


def parse_s3(settings: Mapping[str, Any]) -> S3Settings:
    """Raises: ManifestFault."""
    insecure_http = settings.get("insecure_http", False)
    with within("endpoint"):
        addresses.check(settings["endpoint"], insecure_http=insecure_http)
        parts = urlsplit(settings["endpoint"])
        if parts.path not in {"", "/"} or parts.query:
            raise fault((), "地址只写协议、主机和端口", "the address is scheme, host and port alone")
    if ("key_id" in settings) == ("key_id_secret" in settings):
        raise fault((), "key_id 与 key_id_secret 须写且只写一个", "give either key_id or key_id_secret")
    for name in ("region", "bucket", "key_id"):  # "$" of a schema's pattern also matches before a line feed
        if not settings.get(name, "").isprintable():
            raise fault((name,), "不得含控制字符", "it holds a control character")
    prefix = settings.get("prefix", "")
    if not prefix.isprintable() or (prefix and not prefix.endswith("/")) or prefix.startswith("/"):
        raise fault(("prefix",), "须以“/”结尾，不以“/”开头", "it ends with a slash and does not begin with one")
    return S3Settings(
        endpoint=settings["endpoint"],
        insecure_http=insecure_http,
        ca_file=settings.get("ca_file", ""),
        region=settings["region"],
        bucket=settings["bucket"],
        path_style=settings.get("path_style", True),
        prefix=prefix,
        key_id=settings.get("key_id", ""),
        key_id_secret=settings.get("key_id_secret", ""),
        secret=settings["secret"],
        token_secret=settings.get("token_secret", ""),
        every=float(settings.get("every_seconds", 300)),
        patience=float(settings.get("fetch_seconds", 600)),
    )
