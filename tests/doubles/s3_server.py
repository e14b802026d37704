"""Real S3-compatible storage on loopback (moto), signatures checked by another library (botocore); it lies as told."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.serving import WSGIRequestHandler, make_server

KEY_ID = "DEMOKEY500199"
SECRET = "a secret of the drop's storage"
REGION = "us-east-1"
_ACCOUNT = "123456789012"

Instead = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes] | None]
"""What is answered in place of what storage would say; None for the truth."""


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name is werkzeug's
        """Nothing."""


class S3Server:
    """Storage. `instead` says what it answers in place of the truth; `secret` is what signatures are checked by, and
    `token` what has to come with it where credentials are temporary.
    """

    def __init__(self) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
        from moto.s3.models import s3_backends  # both are loaded where storage is needed, not where tests are listed

        self._storage = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet)
        self.port = int(self._server.server_port)
        self._backend = s3_backends[_ACCOUNT]["aws"]
        self._numbers = itertools.count(1)
        self.honest()

    def honest(self) -> None:
        """As storage should be."""
        self.instead: Instead | None = None
        self.secret = SECRET
        self.token = ""
        self.asked: list[str] = []

    def bucket(self, files: Mapping[str, bytes] = {}) -> str:
        """A new bucket with these objects."""
        name = f"drop-{next(self._numbers)}"
        self._backend.create_bucket(name, REGION)
        for key, data in files.items():
            self.put(name, key, data)
        return name

    def put(self, bucket: str, key: str, data: bytes) -> None:
        """Store an object."""
        self._backend.put_object(bucket, key, data)

    def settings(self, bucket: str, **more: Any) -> dict[str, Any]:
        """The part ``files.s3`` of a manifest."""
        where = {"endpoint": f"http://127.0.0.1:{self.port}", "region": REGION, "bucket": bucket}
        return {**where, "key_id": KEY_ID, "secret": "storage", **more}

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="s3-server", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        self.asked.append(f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}")
        if self.instead is not None and (told := self.instead(environ, start)) is not None:
            return told
        if not self._is_signed(environ):
            start("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<Error><Code>SignatureDoesNotMatch</Code></Error>"]
        answer: Iterable[bytes] = self._storage(environ, start)
        return answer

    def _is_signed(self, environ: WSGIEnvironment) -> bool:
        """Whether botocore makes the same signature of what came."""
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        if environ.get("HTTP_X_AMZ_SECURITY_TOKEN", "") != self.token:
            return False
        told = environ.get("HTTP_AUTHORIZATION", "")
        names = told.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        headers = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in names}
        url = f"http://{environ['HTTP_HOST']}{quote(environ['PATH_INFO'].encode('latin-1'), safe='/-._~')}"
        request = AWSRequest("GET", f"{url}?{environ['QUERY_STRING']}".removesuffix("?"), headers=headers)
        request.context["timestamp"] = headers.get("x-amz-date", "")
        auth = S3SigV4Auth(Credentials(KEY_ID, self.secret), "s3", REGION)
        made = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
        covered = {"host"} | ({"x-amz-security-token"} if self.token else set())
        return covered <= {*names} and told.endswith(f"Signature={made}") and f"={KEY_ID}/" in told
