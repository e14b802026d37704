"""A department's website: an OpenID Connect relying party on Authlib's client that asks for no paper.

The sites differ in what they do for people, not in how: each gives a ``Service`` (its texts, its form, what it
asks for and what it makes of the answers) and gets the same few pages.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.flask_client import OAuth
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oauth2.rfc7523.assertion import sign_jwt_bearer_assertion
from flask import Flask, Response, abort, redirect, render_template, request, session, url_for
from flask_wtf import CSRFProtect
from joserfc.jwk import ECKey
from werkzeug.wrappers import Response as BaseResponse

from tongban.demo.departments.applications import Application, Applications
from tongban.demo.departments.evidence_client import EvidenceClient, ProofKey, Pushed, Refused, Registration
from tongban.demo.departments.logout import BadLogoutToken, LogoutReceiver
from tongban.demo.departments.process import Place, stop_cleanly

Bilingual = tuple[str, str]
"""(Chinese, English)."""


class NotNow(Exception):
    """The evidence is complete, and yet the department cannot do what was applied for."""

    def __init__(self, zh: str, en: str) -> None:
        self.why = (zh, en)
        super().__init__(en)


@dataclass(frozen=True)
class Question:
    """One line of the application form."""

    name: str
    label: Bilingual
    hint: Bilingual = ("", "")
    optional: bool = False


@dataclass(frozen=True)
class Service:
    """What one website is for."""

    kind: str
    department: Bilingual
    title: Bilingual
    questions: Sequence[Question]
    subjects: Callable[[Mapping[str, str]], list[dict[str, str]]]
    rounds: Callable[[Mapping[str, str]], list[list[dict[str, Any]]]]
    complete: Callable[[Application, Path], list[tuple[Bilingual, str]]]
    papers: Sequence[Bilingual] = field(default=())
    between: Mapping[int, Callable[[Application, Path], None]] = field(default_factory=dict)
    """What is done once a round (counted from 0) has come in full, before the next one is asked."""
    circumstances: Callable[[Mapping[str, str]], dict[str, str]] = field(default=lambda _answers: {})
    previewed: Callable[[Mapping[str, str]], frozenset[int]] = field(default=lambda _answers: frozenset())
    """The rounds (counted from 0) whose evidence its person looks at before it is provided."""


def registration(folder: Path) -> Registration:
    """What this department was given when it was registered (``site.json`` in its folder)."""
    return Registration(**json.loads((folder / "site.json").read_text(encoding="utf-8")))


def create_site(service: Service, folder: Path) -> Flask:
    """The website as a Flask application, at the origin it was registered with."""
    known = registration(folder)
    app = Flask(__name__, template_folder="templates", static_folder="static")
    app.config.update(
        SECRET_KEY=secrets.token_bytes(32),
        SESSION_COOKIE_NAME=f"department_{service.kind}",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
    )
    site = Site(service, folder, known, sign_in_client(app, known))
    CSRFProtect(app).exempt(site.backchannel_logout)  # it comes from the identity provider, signed
    site.mount(app)
    return app


def serve(service: Service, here: Place) -> None:
    """Run the website at its place until it is told to end."""
    stop_cleanly()
    create_site(service, here.folder).run(here.host, here.port, threaded=True)


class MinuteAssertion(PrivateKeyJWT):  # type: ignore[misc]  # Authlib ships no types
    """Authlib's ``private_key_jwt`` with ES256, valid for a minute instead of an hour."""

    def sign(self, auth: Any, token_endpoint: str) -> str:
        """An assertion for one request (RFC 7523 §3)."""
        signed = sign_jwt_bearer_assertion(
            auth.client_secret,
            issuer=auth.client_id,
            subject=auth.client_id,
            audience=token_endpoint,
            header={"alg": "ES256", "kid": auth.client_secret.kid},
            expires_in=60,
        )
        return str(signed)


def sign_in_client(app: Flask, known: Registration) -> Any:
    """Authlib's client, configured from discovery; S256 and ``private_key_jwt`` with the issuer as its audience."""
    oauth = OAuth(app)
    oauth.register(
        "tongban",
        client_id=known.client_id,
        client_secret=ECKey.import_key(dict(known.private_key)),
        server_metadata_url=f"{known.issuer}/.well-known/openid-configuration",
        client_auth_methods=[MinuteAssertion(token_endpoint=known.issuer)],
        client_kwargs={
            "scope": "openid profile",
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "private_key_jwt",
        },
    )
    return oauth.tongban


class Site:
    """The pages of one department's website."""

    def __init__(self, service: Service, folder: Path, known: Registration, sign_in: Any) -> None:
        self.service = service
        self.folder = folder
        self.known = known
        self.origin = known.origin
        self.sign_in = sign_in
        self.client = EvidenceClient(known)
        self.applications = Applications(folder / "applications.sqlite3")
        self.logouts = LogoutReceiver(known.issuer, known.client_id, lambda anew: sign_in.fetch_jwk_set(force=anew))

    def mount(self, app: Flask) -> None:
        """Bind each address to its page."""
        app.add_url_rule("/healthz", "healthz", lambda: {"status": "ok"})
        app.add_url_rule("/", "home", self.home)
        app.add_url_rule("/login", "login", self.login)
        app.add_url_rule("/callback", "callback", self.callback)
        app.add_url_rule("/apply", "apply_form", self.apply_form)
        app.add_url_rule("/apply", "apply", self.apply, methods=["POST"])
        app.add_url_rule("/evidence/callback", "evidence_callback", self.evidence_callback)
        app.add_url_rule("/applications/<identifier>", "application", self.application)
        app.add_url_rule("/applications/<identifier>/evidence/<int:index>", "evidence_file", self.evidence_file)
        app.add_url_rule("/applications/<identifier>/continue", "go_on", self.go_on, methods=["POST"])
        app.add_url_rule("/logout", "logout", self.logout, methods=["POST"])
        app.add_url_rule("/backchannel-logout", "backchannel_logout", self.backchannel_logout, methods=["POST"])
        app.before_request(self.leave_ended_session)
        app.before_request(choose_language)
        app.after_request(protect)
        app.context_processor(self.words)
        app.register_error_handler(OAuthError, self.not_signed_in)
        app.register_error_handler(Refused, self.refused)

    def words(self) -> dict[str, Any]:
        """What every template may use."""
        index = 0 if session.get("lang", "zh") == "zh" else 1
        language = ("zh", "en")[index]
        return {
            "provider": lambda code: self.client.words("organisations", code)["name"][language],
            "evidence_name": lambda code: self.client.words("evidence-types", code)["name"][language],
            "field_label": partial(self.label, language, "fields"),
            "question_label": partial(self.label, language, "predicates"),
            "t": lambda *pair: pair[index],
            "b": lambda pair: pair[index],
            "service": self.service,
            "exchange": self.known.exchange,
            "person": session.get("person"),
        }

    def label(self, language: str, members: str, kind: str, name: str) -> str:
        """What the catalogue calls a field of an evidence type, or a question that it answers."""
        known = self.client.words("evidence-types", kind)[members]
        return next((one["label"][language] for one in known if one["name"] == name), name)

    def home(self) -> str:
        """What this service is, and that no paper is needed."""
        return render_template("home.html")

    def login(self) -> BaseResponse:
        """Send the person to sign in."""
        return self.sign_in.authorize_redirect(f"{self.origin}/callback")  # type: ignore[no-any-return]

    def callback(self) -> BaseResponse:
        """Take the person back: Authlib checks state, nonce, signature; we check who answered (RFC 9207 §2.4)."""
        if request.args.get("iss") != self.known.issuer:
            abort(400, "The answer did not come from the identity provider that was asked.")
        token = self.sign_in.authorize_access_token()
        claims = token["userinfo"]
        name = claims.get("name") or self.sign_in.userinfo(token=token).get("name", "")
        session["person"] = {"sub": claims["sub"], "name": name}
        session["id_token"], session["sid"] = token["id_token"], claims["sid"]
        return redirect(url_for("apply_form"))

    def apply_form(self) -> str | BaseResponse:
        """The form: only what no department can know yet."""
        if "person" not in session:
            return redirect(url_for("login"))
        return render_template("apply.html")

    def apply(self) -> BaseResponse:
        """Open a case, push the request, and let the person see at the identity provider what is asked."""
        if "person" not in session:
            return redirect(url_for("login"))
        answers = {question.name: request.form.get(question.name, "").strip() for question in self.service.questions}
        missing = [q.label for q in self.service.questions if not q.optional and not answers[q.name]]
        if missing:
            return Response(render_template("apply.html", missing=missing, answers=answers), status=422)
        application = self.begin(answers)
        return redirect(application.location, code=303)

    def begin(self, answers: Mapping[str, str]) -> Application:
        """Store a new application with its case and its pushed request."""
        reference = secrets.token_hex(6)
        case = self.client.open_case(reference, self.service.subjects(answers), self.service.circumstances(answers))
        pushed, key = self.pushed(case, answers)
        application = Application(
            identifier=reference,
            owner=session["person"]["sub"],
            case=case,
            answers=dict(answers),
            state=pushed.state,
            verifier=pushed.verifier,
            proof_key=key.saved(),
            location=pushed.location,
        )
        self.applications.save(application)
        return application

    def pushed(self, case: str, answers: Mapping[str, str]) -> tuple[Pushed, ProofKey]:
        """The request for all the evidence of an application, and the key that its token will be bound to."""
        key = ProofKey()
        wanted = [item for part in self.service.rounds(answers) for item in part]
        return self.client.push(case, wanted, f"{self.origin}/evidence/callback", key), key

    def go_on(self, identifier: str) -> BaseResponse:
        """Fetch what somebody looked up meanwhile: its owner is here again and signs in for the same purpose."""
        application = self.owned(identifier)
        if application.status != "awaiting":
            abort(409)
        pushed, key = self.pushed(application.case, application.answers)
        self.applications.save(application.asked_anew(pushed.state, pushed.verifier, key.saved(), pushed.location))
        return redirect(pushed.location, code=303)

    def evidence_callback(self) -> BaseResponse:
        """The person agreed, or did not; then ask the exchange, round by round."""
        application = self.applications.by_state(request.args.get("state", ""))
        if application is None or application.owner != session.get("person", {}).get("sub"):
            abort(400, "This answer belongs to no application of yours.")
        if request.args.get("iss") != self.known.issuer:
            abort(400, "The answer did not come from the identity provider that was asked.")
        if "error" in request.args:
            self.applications.save(application.ended("declined"))
        else:
            self.collect(application, request.args["code"])
        return redirect(url_for("application", identifier=application.identifier))

    def collect(self, application: Application, code: str) -> None:
        """Fetch all evidence of the application and, when it is complete, do what the service is for."""
        key = ProofKey(application.proof_key)
        token = self.client.redeem(code, application.verifier, f"{self.origin}/evidence/callback", key)
        evidence: list[dict[str, Any]] = []
        requests: list[str] = []
        for number, part in enumerate(self.service.rounds(application.answers)):
            if number < len(application.requests):
                answer = self.client.outcome(application.requests[number], token, key)
            else:
                delivery = "preview" if number in self.service.previewed(application.answers) else ""
                answer = self.client.ask(token, key, application.case, part, delivery=delivery)
            requests.append(answer["id"])
            evidence += answer["evidence"]
            held = application.holding(evidence, requests)
            if number in self.service.between:
                if not held.complete:
                    break
                try:
                    self.service.between[number](held, self.folder)
                except NotNow as stopped:
                    held = held.stopped(*stopped.why)
                    break
        self.applications.save(self.finished(held) if held.complete else held)

    def finished(self, application: Application) -> Application:
        """Do what the service is for, and close the case; or say why it cannot be done."""
        try:
            outcome = self.service.complete(application, self.folder)
        except NotNow as stopped:
            return application.stopped(*stopped.why)
        uploads = self.client.uploads(application.case)
        self.client.close_case(application.case)
        return application.ended("done", [[*label, value] for label, value in outcome], uploads)

    def application(self, identifier: str) -> str:
        """One application of the person signed in: what came from where, and what became of it."""
        return render_template("application.html", application=self.owned(identifier))

    def evidence_file(self, identifier: str, index: int) -> Response:
        """The evidence and its receipt as files, for whoever wants to check them."""
        evidence = self.owned(identifier).evidence
        if index >= len(evidence):
            abort(404)
        return Response(json.dumps(evidence[index], ensure_ascii=False, indent=1), mimetype="application/json")

    def owned(self, identifier: str) -> Application:
        """The application, if it belongs to the person signed in."""
        found = self.applications.get(identifier)
        if found is None or found.owner != session.get("person", {}).get("sub"):
            abort(404)
        return found

    def logout(self) -> BaseResponse:
        """Forget the person here, then end the session at the identity provider (RP-initiated logout)."""
        metadata = self.sign_in.load_server_metadata()
        hint = session.pop("id_token", None)
        session.clear()
        return redirect(f"{metadata['end_session_endpoint']}?id_token_hint={hint}" if hint else "/", code=303)

    def backchannel_logout(self) -> Response:
        """The identity provider says that somebody signed out (OpenID Connect Back-Channel Logout 1.0 §2.5, §2.8)."""
        try:
            self.logouts.take(request.form.get("logout_token", ""))
        except BadLogoutToken as error:
            body = json.dumps({"error": "invalid_request", "error_description": str(error)})
            return Response(body, status=400, mimetype="application/json")
        return Response(status=200)

    def leave_ended_session(self) -> None:
        """Nobody stays signed in here whose session ended there."""
        if self.logouts.sessions.ended(session.get("sid", "")):
            for name in ("person", "id_token", "sid"):
                session.pop(name, None)

    def not_signed_in(self, error: OAuthError) -> tuple[str, int]:
        """The identity provider's refusal, in words."""
        return render_template("problem.html", problem={"title": error.description or error.error}), 400

    def refused(self, error: Refused) -> tuple[str, int]:
        """The exchange's refusal, in its own words: they say whose turn it is."""
        return render_template("problem.html", problem=error.problem), 502


def choose_language() -> None:
    """``?lang=en`` or ``?lang=zh``, remembered."""
    if request.args.get("lang") in ("zh", "en"):
        session["lang"] = request.args["lang"]


def protect(response: Response) -> Response:
    """No script, no frame, no outside resource."""
    response.headers["Content-Security-Policy"] = (
        "default-src 'self'; script-src 'none'; frame-ancestors 'none'; form-action *"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
