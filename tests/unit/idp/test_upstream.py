"""Another provider vouches for somebody (OpenID Connect Core 1.0 §3.1, we being the relying party)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jwk
from structlog.testing import capture_logs

from idp.federation.configuration import upstreams
from idp.federation.published import Published
from idp.federation.visits import Traveller, Visits
from idp.model.person import NewPerson, PersonKind
from idp.model.upstream import Upstream as Described
from idp.store import proofings
from kernel.clock import ManualClock
from kernel.entropy import SystemEntropy
from kernel.text import Text
from tests.doubles.account import Account
from tests.doubles.identity_provider import (
    LI,
    MARKET,
    PASSWORD,
    START,
    TOTP_SECRET,
    WANG,
    Provider,
    citizen,
)
from tests.doubles.provider_fixtures import Opened
from tests.doubles.upstream import LEVEL_3, Upstream, described, upstream

IDENTITY = "/account/identity"
CHEN = citizen(77)
HONEST = {"name": "陈晨", "citizen_number": CHEN.value}


@pytest.fixture
def there() -> Iterator[Upstream]:
    with upstream() as state:
        state.claims = dict(HONEST)
        yield state


@pytest.fixture
def provider(there: Upstream, opened: Opened, tmp_path: Path) -> Iterator[Provider]:
    with opened(upstreams=described(there, tmp_path)) as running:
        there.client_keys = lambda: running.app.flask.test_client().get("/jwks").json
        there.now = lambda: running.clock.now().timestamp()
        running.administration.people.add(NewPerson("chen", "小陈", PASSWORD))
        yield running


@pytest.fixture
def chen(provider: Provider) -> Account:
    return Account(provider, "chen")


def begin(account: Account) -> str:
    page = account.open(IDENTITY)
    assert "国家网络身份认证" in page.text
    sent = account.browser.get(f"{IDENTITY}/upstream/national-id/begin")
    assert sent.status_code == 303, sent.text
    return str(sent.headers["Location"])


def come_back(account: Account, address: str) -> Any:
    return account.browser.get(address.removeprefix(account.provider.settings.issuer))


def level(provider: Provider, username: str = "chen") -> int:
    return int(provider.person(username).assurance)


def visit(account: Account, there: Upstream) -> Any:
    return come_back(account, there.approve(begin(account)))


def test_a_sound_statement_raises_the_level_and_is_kept_as_a_proof(chen: Account, there: Upstream) -> None:
    provider = chen.provider
    done = visit(chen, there)
    assert (done.status_code, done.headers["Location"]) == (303, IDENTITY)
    person = provider.person("chen")
    assert (person.assurance, person.name) == (3, "陈晨")
    with provider.database.read() as connection:
        newest = proofings.of_person(connection, person.id)[0]
    assert (newest.level, newest.method.value, newest.verifier) == (3, "upstream", "national-id")
    assert newest.evidence is not None
    [entry] = provider.events("IdentityProven")
    assert entry["facts"]["evidence"] == newest.evidence.hex()
    told = repr(provider.events())
    assert CHEN.value not in told
    assert "陈晨" not in told
    assert "由其他身份服务核验" in chen.open(IDENTITY).text


def test_what_the_id_token_does_not_say_userinfo_does(chen: Account, there: Upstream) -> None:
    there.claims, there.at_userinfo = {}, {"sub": "them", **HONEST}
    assert visit(chen, there).status_code == 303
    assert level(chen.provider) == 3


def test_what_userinfo_adds_never_replaces_what_was_signed(chen: Account, there: Upstream) -> None:
    there.claims = {"name": "陈晨"}
    there.at_userinfo = {"sub": "them", "name": "别人", "citizen_number": CHEN.value, "acr": "other", "nonce": "x"}
    assert visit(chen, there).status_code == 303
    assert chen.provider.person("chen").name == "陈晨"


def test_an_id_token_need_not_say_its_type(chen: Account, there: Upstream) -> None:
    there.typ = None
    assert visit(chen, there).status_code == 303
    assert level(chen.provider) == 3


def test_who_comes_back_from_another_provider_has_not_come_back(provider: Provider) -> None:
    visits = Visits(provider.database, provider.clock, SystemEntropy(), b"k" * 32)
    who = Traveller(provider.person("chen").id, "ses_1")
    begun = Described("national-id", Text("甲", "A"), "https://a.example", "tongban", {LEVEL_3: 3})
    sent = parse_qsl(urlsplit(visits.begin(who, begun, "https://a.example/authorize", "https://us.example/cb")).query)
    state = dict(sent)["state"]
    assert visits.take(state, who, "another") is None
    assert visits.take(state, who, "national-id") == provider.clock.now()


def test_a_secret_authenticates_where_there_is_one(there: Upstream, opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s e\n", encoding="utf-8")
    there.secret = "s%20e"  # RFC 6749 §2.3.1: form-urlencoded first
    path = described(there, tmp_path, 'client_secret_file = "secret"')
    with opened(upstreams=path) as running:
        there.now = lambda: running.clock.now().timestamp()
        running.administration.people.add(NewPerson("chen", "小陈", PASSWORD))
        assert visit(Account(running, "chen"), there).status_code == 303
        assert level(running) == 3


class Forgetful(dict[str, Any]):
    """Keeps no code."""

    def pop(self, *_: object) -> None:
        return None


OTHER = jwk.ECKey.generate_key("P-256", {"kid": "up-1", "alg": "ES256", "use": "sig"})
UNSOUND: dict[str, Callable[[Upstream], None]] = {
    "3.1.3.7-2 another issuer": lambda there: there.claims.update(iss="https://other.example"),
    "3.1.3.7-3 for another client": lambda there: there.claims.update(aud="other"),
    "3.1.3.7-4 several audiences without azp": lambda there: there.claims.update(aud=["tongban", "other"]),
    "3.1.3.7-5 for another party": lambda there: there.claims.update(azp="other"),
    "3.1.3.7-6 another key under the same kid": lambda there: setattr(there, "signing_key", OTHER),
    "8725-3.11 a token of another type": lambda there: setattr(there, "typ", "logout+jwt"),
    "3.1.3.7-9 expired": lambda there: there.claims.update(exp=1, iat=0),
    "3.1.3.7-10 no time of issue": lambda there: there.claims.update(iat=None),
    "3.1.3.7-11 another visit's nonce": lambda there: there.claims.update(nonce="other"),
    "3.1.3.7-11 no nonce": lambda there: there.claims.update(nonce=None),
    "9207-2.4 another provider's answer": lambda there: there.answer.update(iss="https://other.example"),
    "9207-2.4 no issuer where one is promised": lambda there: there.answer.update(iss=""),
    "3.1.3.7-13 no time of the sign-in": lambda there: there.claims.update(auth_time=None),
    "3.1.3.7-13 a sign-in of before the visit": lambda there: there.claims.update(
        auth_time=int(there.now()) - 15 * 60 - 11
    ),
    "3.1.3.7-13 a sign-in to come": lambda there: there.claims.update(auth_time=int(there.now()) + 11),
    "3.1.3.7-13 a time that is no whole number": lambda there: there.claims.update(auth_time=True),
    "3.1.2.5 no code": lambda there: there.answer.update(code=""),
    "3.1.3.8 another access token": lambda there: (
        there.claims.update(at_hash="A" * 22, name=None), setattr(there, "at_userinfo", {"sub": "them"}),
    )[0],
    "6749-5.2 a code that is not taken": lambda there: setattr(there, "codes", Forgetful()),
    "6750-2.1 an access token with a line of its own": lambda there: (
        there.claims.clear(), setattr(there, "access_token", "a\r\nX-Other: 1"),
    )[0],
    "6750-2.1 an access token with a zero": lambda there: (
        there.claims.clear(), setattr(there, "access_token", "a\0b"),
    )[0],
    "5.3.2 userinfo of another": lambda there: (
        there.claims.clear(), setattr(there, "at_userinfo", {"sub": "other", **HONEST}),
    )[0],
}  # fmt: skip


@pytest.mark.parametrize("case", UNSOUND, ids=str)
def test_an_answer_that_does_not_hold_changes_nothing(chen: Account, there: Upstream, case: str) -> None:
    UNSOUND[case](there)
    told = visit(chen, there)
    assert told.status_code == 422
    assert "不可信" in told.text
    assert level(chen.provider) == 1
    assert chen.provider.events("IdentityProven") == []


@pytest.mark.parametrize(("earlier", "status"), [(10, 303), (11, 422)])
def test_a_sign_in_of_before_the_visit_is_not_part_of_it(
    chen: Account, there: Upstream, earlier: int, status: int
) -> None:
    """§3.1.3.7 step 13: a session that was open there when the visit began may be another person's."""
    address = there.approve(begin(chen))
    there.claims |= {"auth_time": int(there.now()) - earlier}
    chen.provider.clock.advance(600)
    assert come_back(chen, address).status_code == status
    assert level(chen.provider) == (3 if status == 303 else 1)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_an_access_token_that_is_not_taken_is_no_silence(chen: Account, there: Upstream, status: int) -> None:
    """RFC 6750 §3.1: userinfo answers, and says no."""
    there.claims, there.turned_away = {}, {"/userinfo": status}
    told = visit(chen, there)
    assert told.status_code == 422
    assert "不可信" in told.text
    assert level(chen.provider) == 1


WORTHLESS: dict[str, dict[str, Any]] = {
    "no acr": {"acr": None},
    "an acr that is not in the list": {"acr": "urn:example:loa:low"},
    "no name": {"name": None},
    "a number that is no text": {"citizen_number": 500199},
    "a number with a wrong check character": {
        "citizen_number": CHEN.value[:-1] + ("1" if CHEN.value[-1] != "1" else "2")
    },
    "a name of control characters": {"name": "陈\u202e晨"},
}


@pytest.mark.parametrize("case", WORTHLESS, ids=str)
def test_a_statement_that_is_worth_nothing_changes_nothing(chen: Account, there: Upstream, case: str) -> None:
    there.claims |= WORTHLESS[case]
    there.at_userinfo = {"sub": "them"}
    assert visit(chen, there).status_code == 422
    assert level(chen.provider) == 1


def test_who_says_no_there_is_told_so_here(chen: Account, there: Upstream) -> None:
    there.answer = {"error": "access_denied", "code": ""}
    told = visit(chen, there)
    assert told.status_code == 422
    assert "没有完成" in told.text


def refuses_us(provider: Provider) -> bool:
    return 'tongban_upstream_refuses_us{upstream="national-id"} 1.0' in provider.app.metrics.render().decode()


@pytest.mark.parametrize(
    ("status", "refusal"),
    [
        (401, {"error": "invalid_client"}),
        (401, None),
        (400, {"error": "invalid_client"}),
        (400, {"error": "unauthorized_client"}),
    ],
)
def test_5_2_credentials_that_are_not_taken_are_our_fault_and_the_operator_hears_of_it(
    chen: Account, there: Upstream, status: int, refusal: dict[str, str] | None
) -> None:
    """RFC 6749 §5.2: the person cannot mend it, is told of other ways, and nobody is sent to try again."""
    there.turned_away, there.refusal = {"/token": status}, refusal
    with capture_logs() as logged:
        told = visit(chen, there)
    assert told.status_code == 503
    assert "Retry-After" not in told.headers
    assert "带证件到窗口" in told.text
    assert refuses_us(chen.provider)
    assert ("upstream_refuses_us", "error") in {(line["event"], line["log_level"]) for line in logged}
    assert level(chen.provider) == 1
    there.turned_away = {}
    assert visit(chen, there).status_code == 303
    assert not refuses_us(chen.provider)


@pytest.mark.parametrize("status", [400, 401])
def test_5_2_a_code_that_is_not_taken_alarms_nobody(chen: Account, there: Upstream, status: int) -> None:
    """Whoever invents a code must not be able to ring the operator's bell."""
    there.turned_away, there.refusal = {"/token": status}, {"error": "invalid_grant"}
    assert visit(chen, there).status_code == 422
    assert not refuses_us(chen.provider)


@pytest.mark.parametrize("down", ["/.well-known/openid-configuration", "/token", "/jwks"])
def test_a_silent_provider_is_nobodys_fault_here(chen: Account, there: Upstream, down: str) -> None:
    there.down.add(down)
    chen.open(IDENTITY)
    sent = chen.browser.get(f"{IDENTITY}/upstream/national-id/begin")
    told = sent if sent.status_code != 303 else come_back(chen, there.approve(sent.headers["Location"]))
    assert (told.status_code, told.headers["Retry-After"]) == (503, "30")
    assert level(chen.provider) == 1


def test_metadata_of_another_issuer_are_not_taken(chen: Account, there: Upstream) -> None:
    """Discovery §4.3."""
    there.metadata = {"issuer": "https://other.example"}
    chen.open(IDENTITY)
    assert chen.browser.get(f"{IDENTITY}/upstream/national-id/begin").status_code == 503


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"])
@pytest.mark.parametrize("address", ["http://[x/", "http://other.example/", "http://192.0.2.1/"])
def test_no_address_of_theirs_is_ill_formed_or_in_clear_text_elsewhere(
    chen: Account, there: Upstream, name: str, address: str
) -> None:
    there.metadata = {name: address}
    chen.open(IDENTITY)
    sent = chen.browser.get(f"{IDENTITY}/upstream/national-id/begin")
    assert (sent.status_code, sent.headers["Retry-After"]) == (503, "30")


@pytest.mark.parametrize("address", ["javascript:alert(1)", "https://other.example@127.0.0.1/", "ftp://127.0.0.1/", 1])
def test_nobody_is_sent_to_an_address_that_is_none(chen: Account, there: Upstream, address: object) -> None:
    there.metadata = {"authorization_endpoint": address}
    chen.open(IDENTITY)
    assert chen.browser.get(f"{IDENTITY}/upstream/national-id/begin").status_code == 503


def test_a_silent_provider_is_left_alone_for_a_moment(chen: Account, there: Upstream) -> None:
    there.down.add("/.well-known/openid-configuration")
    chen.open(IDENTITY)
    for _ in range(3):
        assert chen.browser.get(f"{IDENTITY}/upstream/national-id/begin").status_code == 503
    assert len(there.asked) == 1
    there.down.clear()
    chen.provider.clock.advance(11)
    assert chen.browser.get(f"{IDENTITY}/upstream/national-id/begin").status_code == 303


def test_a_visit_comes_back_once(chen: Account, there: Upstream) -> None:
    address = there.approve(begin(chen))
    assert come_back(chen, address).status_code == 303
    again = come_back(chen, address)
    assert again.status_code == 400
    assert "重新开始" in again.text
    assert len(chen.provider.events("IdentityProven")) == 1


def test_a_visit_belongs_to_who_began_it(chen: Account, there: Upstream) -> None:
    """Login CSRF: an attacker's answer, opened by somebody else, proves nothing and uses nothing up."""
    address = there.approve(begin(chen))
    stranger = Account(chen.provider, "li")
    stranger.open("/account")
    assert come_back(stranger, address).status_code == 400
    assert come_back(chen, address).status_code == 303


def test_a_visit_belongs_to_the_session_that_began_it(chen: Account, there: Upstream) -> None:
    """RFC 9700 §4.7: the same person's other browser finishes nothing, and uses nothing up."""
    address = there.approve(begin(chen))
    elsewhere = Account(chen.provider, "chen")
    elsewhere.open("/account")
    assert come_back(elsewhere, address).status_code == 400
    assert level(chen.provider) == 1
    assert come_back(chen, address).status_code == 303


def test_who_signs_out_on_the_way_carries_the_answer_nowhere(chen: Account, there: Upstream) -> None:
    """RFC 9700 §4.2.4: code and state get into no other address, and the code is not redeemed."""
    address = there.approve(begin(chen))
    chen.browser.client.delete_cookie("idp-sso", domain=urlsplit(chen.provider.settings.issuer).hostname or "")
    told = come_back(chen, address)
    assert told.status_code == 400
    assert "Location" not in told.headers
    assert "重新开始" in told.text
    assert dict(parse_qsl(urlsplit(address).query))["state"] not in told.text
    assert len(there.codes) == 1
    chen.open("/account")
    assert come_back(chen, address).status_code == 400, "another session of the same person"


def test_nobody_waits_for_somebody_elses_look_at_the_metadata(there: Upstream) -> None:
    """One visit hangs in a fetch; the next one asks for itself and is answered."""
    published = Published(Described("a", Text("甲", "A"), there.issuer, "c", {"x": 2}), ManualClock(START))
    go_on, first = threading.Event(), threading.Event()

    def hold() -> None:
        if not first.is_set():
            first.set()
            go_on.wait(30)

    there.arrived = hold
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(published.metadata)
        assert first.wait(30)
        assert pool.submit(published.metadata).result(4).token == f"{there.issuer}/token"
        assert not slow.done()
        go_on.set()
        assert slow.result(30).token == f"{there.issuer}/token"


def test_unknown_keys_cause_one_look_a_minute_however_many_come_at_once(there: Upstream) -> None:
    """F4: while one visit looks, the others use what is kept."""
    clock = ManualClock(START)
    published = Published(Described("a", Text("甲", "A"), there.issuer, "c", {"x": 2}), clock)
    known = published.keys("up-1")
    clock.advance(61)
    go_on, first = threading.Event(), threading.Event()

    def hold() -> None:
        first.set()
        go_on.wait(30)

    there.arrived = hold
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(published.keys, "unknown")
        assert first.wait(30)
        try:
            assert pool.submit(published.keys, "unknown").result(4) == known
        finally:
            go_on.set()
        assert slow.result(30) == known
    assert published.keys("unknown") == known
    assert [path for path, _ in there.asked].count("/jwks") == 2


def test_a_visit_ends_after_a_quarter_of_an_hour(chen: Account, there: Upstream) -> None:
    address = there.approve(begin(chen))
    chen.provider.clock.advance(15 * 60 + 1)
    assert come_back(chen, address).status_code == 400
    assert level(chen.provider) == 1


def test_one_number_is_one_account(chen: Account, there: Upstream) -> None:
    there.claims |= {"name": "王五", "citizen_number": WANG.value}
    told = visit(chen, there)
    assert told.status_code == 422
    assert "您已有一个账户使用这个号码" in told.text
    assert level(chen.provider) == 1


def test_an_account_never_changes_whose_it_is(provider: Provider, there: Upstream) -> None:
    account = Account(provider, "li")
    before = level(provider, "li")
    told = visit(account, there)
    assert told.status_code == 422
    assert "这个账户已核验为另一个号码" in told.text
    assert level(provider, "li") == before
    assert LI.value not in told.text


def test_an_unknown_provider_is_not_there(chen: Account) -> None:
    chen.open(IDENTITY)
    assert chen.browser.get(f"{IDENTITY}/upstream/other/begin").status_code == 404
    assert chen.browser.get(f"{IDENTITY}/upstream/other?state=x").status_code == 404


def test_the_way_there_says_what_is_asked_and_no_secret(chen: Account, there: Upstream) -> None:
    location = begin(chen)
    asked = dict(parse_qsl(urlsplit(location).query))
    assert location.startswith(f"{there.issuer}/authorization?")
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["acr_values"] == LEVEL_3
    assert (asked["prompt"], asked["max_age"]) == ("login", "900")
    assert asked["redirect_uri"] == f"{chen.provider.settings.issuer}{IDENTITY}/upstream/national-id"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3


WRITTEN = {
    "name": '"a"',
    "title": '{ zh = "甲", en = "A" }',
    "issuer": '"https://id.example"',
    "client_id": '"c"',
    "levels": "{ x = 2 }",
}
WRONG = {
    "no issuer": {"issuer": ""},
    "plain http": {"issuer": '"http://id.example"'},
    "an issuer with a query": {"issuer": '"https://id.example/?a=b"'},
    "a level nobody gives": {"levels": "{ x = 9 }"},
    "no level": {"levels": "{}"},
    "an unknown key": {"other": "1"},
    "one language": {"title": '{ zh = "甲" }'},
    "a secret that is not there": {"client_secret_file": '"none"'},
    "an empty secret": {"client_secret_file": '"empty"'},
    "a level that is no whole number": {"levels": "{ x = 2.0 }"},
    "a client without a name": {"client_id": '""'},
    "a client that is a number": {"client_id": "5"},
    "a scope without openid": {"scope": '"profile"'},
    "no signature": {"signing_alg": '"none"'},
    "a name that is no part of an address": {"name": '"a/b"'},
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_a_file_that_is_not_clear_stops_the_start(tmp_path: Path, case: str) -> None:
    path = tmp_path / "upstreams.toml"
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    lines = [f"{key} = {value}" for key, value in (WRITTEN | WRONG[case]).items() if value]
    path.write_text("\n".join(["[[upstream]]", *lines]), encoding="utf-8")
    with pytest.raises(ValueError, match=r"upstreams\.toml"):
        upstreams(path)


@pytest.mark.parametrize("more", ["", "[other]\na = 1"])
def test_the_file_holds_nothing_else(tmp_path: Path, more: str) -> None:
    path = tmp_path / "upstreams.toml"
    path.write_text(
        "\n".join(["[[upstream]]", *(f"{key} = {value}" for key, value in WRITTEN.items()), more]), encoding="utf-8"
    )
    if not more:
        assert list(upstreams(path)) == ["a"]
        return
    with pytest.raises(ValueError, match="nothing else"):
        upstreams(path)


def test_staff_are_not_raised_from_outside(provider: Provider, there: Upstream) -> None:
    new = NewPerson("clerk9", "职员", PASSWORD, kind=PersonKind.STAFF, totp_secret=TOTP_SECRET, organisation=MARKET)
    provider.administration.people.add(new)
    account = Account(provider, "clerk9")
    assert "国家网络身份认证" not in account.open(IDENTITY).text
    assert account.browser.get(f"{IDENTITY}/upstream/national-id/begin").status_code == 404
