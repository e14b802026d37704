"""Recertification over HTTP: opened over what was shown, answered with its use in view, lapsed when nobody answers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from exchange.campaigns.sweep import CampaignSweep
from exchange.store import campaigns
from tests.doubles.exchange import MARKET, NAME, POLICE, STAFF, URBAN, World

AT = "/v1/campaigns"
WHO = {
    "chen": ("consumer-officer", MARKET),
    "wei": ("governance-officer", URBAN),
    "pan": ("provider-officer", POLICE),
    "gao": ("governance-approver", URBAN),
    "shen": ("auditor", URBAN),
    "other": ("provider-officer", URBAN),
}


def call(world: World, who: str, method: str, path: str, body: Any = None) -> Any:
    role, organisation = WHO[who]
    return world.officer(method, path, body, sub=who, roles=[role], organisation=organisation)


def done(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json


def later(world: World, days: float) -> None:
    world.clock.advance(timedelta(days=days).total_seconds())
    world.rooms.policy.renew()
    world.rooms.revocations.renew()


def opened(world: World, days: int = 10, **choice: Any) -> str:
    digest = done(call(world, "wei", "POST", f"{AT}/preview", choice))["digest"]
    body = {"title": "年度复核", "days": days, "digest": digest, **choice}
    return str(done(call(world, "wei", "POST", AT, body), 201)["id"])


def items(world: World, campaign: str, who: str = "pan", query: str = "?show=all") -> dict[str, Any]:
    found = done(call(world, who, "GET", f"{AT}/{campaign}/items{query}"))
    return {one["grant"]: one for one in found["items"]}


def answer(world: World, campaign: str, ref: str, said: str, who: str = "pan", **more: Any) -> Any:
    number = items(world, campaign, "wei")[ref]["number"]
    body = {"answer": said, "words": "仍为办理该事项所必需", **more}
    return call(world, who, "POST", f"{AT}/{campaign}/items/{number}/answer", body)


def status(world: World, ref: str) -> str:
    return str(done(call(world, "wei", "GET", f"/v1/grants/{ref}"))["status"])


def told(world: World, who: str) -> list[str]:
    found = done(call(world, who, "GET", "/v1/messages?limit=200"))["messages"]
    kinds = ("campaign-", "grant-ended", "grant-lapsed", "grant-to-tighten")
    return [one["kind"] for one in reversed(found) if one["kind"].startswith(kinds)]


def test_what_nobody_answers_lapses_and_what_is_kept_stays_as_it_is(world: World) -> None:
    later(world, 91)
    assert world.ask(world.open_case(), NAME).status_code == 200
    before = done(call(world, "wei", "GET", "/v1/grants/G-IDENTITY@1"))["grant"]
    campaign = opened(world)
    found = items(world, campaign)
    assert set(found) == {"G-IDENTITY@1", "G-STAFF@1"}
    one = found["G-IDENTITY@1"]
    assert one["usage"]["releases"] == 1
    assert "住址" in {each["zh"] for each in one["usage"]["unused"]}
    assert (one["suggestion"], one["tighten"], one["may_answer"]) == ("tighten", True, True)
    assert "身份证" in one["sentence"]["zh"]
    assert done(answer(world, campaign, "G-IDENTITY@1", "keep"))["status"] == "kept"
    epoch = world.rooms.policy.renew().image.epoch
    assert world.rooms.campaign_sweep.sweep() == 0
    later(world, 30)
    assert world.rooms.campaign_sweep.sweep() == 2  # one lapses, and the campaign closes
    assert world.rooms.campaign_sweep.sweep() == 0
    assert world.rooms.policy.renew().image.epoch == epoch + 1
    assert (status(world, "G-IDENTITY@1"), status(world, "G-STAFF@1")) == ("active", "expired")
    assert done(call(world, "wei", "GET", "/v1/grants/G-IDENTITY@1"))["grant"] == before
    refused = world.ask(world.open_case(), STAFF)
    assert refused.json["evidence"][0]["problem"]["code"] == "policy.no-grant"
    (lapsed,) = world.events("CampaignItemLapsed")
    (expired,) = world.events("GrantExpired")
    assert lapsed["request"] == expired["facts"]["campaign"] == campaign
    assert lapsed["facts"]["grant"] == expired["facts"]["grant"] == "G-STAFF@1"
    closed = done(call(world, "wei", "GET", f"{AT}/{campaign}"))
    assert closed["status"] == "closed"
    assert {name: count for name, count in closed["items"].items() if count} == {"kept": 1, "lapsed": 1}
    assert told(world, "pan") == ["campaign-opened", "grant-lapsed"]
    assert told(world, "chen") == ["grant-lapsed"]
    assert told(world, "wei") == ["campaign-closed"]


def test_use_is_counted_once_and_not_again_for_every_look(world: World) -> None:
    later(world, 91)
    assert world.ask(world.open_case(), NAME).status_code == 200
    campaign = opened(world)
    before = items(world, campaign)["G-IDENTITY@1"]["usage"]
    world.rooms.tidy()
    with world.outside.database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM decision")  # what was counted is not looked up there any more
    assert items(world, campaign)["G-IDENTITY@1"]["usage"] == before
    assert before["releases"] == 1


def test_those_who_have_not_answered_are_reminded_once_a_mark(small_world: World) -> None:
    opened(small_world)
    for days in (3, 3, 3, 3):
        later(small_world, days)
        small_world.rooms.campaign_sweep.sweep()
        CampaignSweep(small_world.rooms.campaign_sweep.transitions).sweep()  # another node
    assert told(small_world, "pan") == ["campaign-opened", "campaign-reminds", "campaign-reminds"]
    assert [one["facts"]["percent"] for one in small_world.events("CampaignReminded")] == [50, 80]


def test_end_revokes_at_once_and_tighten_asks_those_who_draft(small_world: World) -> None:
    campaign = opened(small_world)
    assert items(small_world, campaign)["G-IDENTITY@1"]["suggestion"] is None  # in force since today
    done(answer(small_world, campaign, "G-IDENTITY@1", "tighten", words="只需姓名"))
    assert status(small_world, "G-IDENTITY@1") == "active"
    assert "grant-to-tighten" in told(small_world, "wei")
    assert told(small_world, "chen") == ["grant-to-tighten"]
    ended = done(answer(small_world, campaign, "G-IDENTITY@1", "end", words="不再需要"))  # thought better of
    assert (ended["status"], ended["grant_status"], ended["words"]) == ("ended", "revoked", "不再需要")
    assert not ended["may_answer"]
    (revoked,) = small_world.events("GrantRevoked")
    assert revoked["facts"]["reason"] == "不再需要"
    again = answer(small_world, campaign, "G-IDENTITY@1", "keep")
    assert (again.status_code, again.json["reason"]) == (403, "campaign-item.not-allowed")


def test_who_may_do_what_and_what_is_refused(small_world: World) -> None:
    digest = done(call(small_world, "wei", "POST", f"{AT}/preview", {}))["digest"]
    body = {"title": "年度复核", "days": 10, "digest": digest}
    for who in ("chen", "pan", "gao", "shen"):
        assert call(small_world, who, "POST", AT, body).status_code == 403
    assert call(small_world, "pan", "POST", f"{AT}/preview", {}).status_code == 403
    for change, code in (
        ({"days": 4}, 422),
        ({"days": 0}, 422),
        ({"title": " "}, 422),
        ({"title": "年度\n复核"}, 422),
        ({"title": "年度\0复核"}, 400),
        ({"provider": "a\0b"}, 400),
        ({"title": "核查 500199199003120021"}, 422),
        ({"digest": "sha256:" + "0" * 64}, 409),
        ({"provider": "nobody"}, 409),
        ({"in_force_days": -1}, 422),
        ({"more": 1}, 422),
    ):
        assert call(small_world, "wei", "POST", AT, body | change).status_code == code, change
    nothing = done(call(small_world, "wei", "POST", f"{AT}/preview", {"provider": "nobody"}))
    assert nothing["count"] == 0
    empty = call(small_world, "wei", "POST", AT, body | {"provider": "nobody", "digest": nothing["digest"]})
    assert (empty.status_code, empty.json["reason"]) == (422, "campaign.nothing-chosen")
    assert small_world.events("CampaignOpened") == []
    campaign = opened(small_world)
    for who in ("chen", "wei", "gao", "shen"):
        assert answer(small_world, campaign, "G-IDENTITY@1", "keep", who).status_code == 403
    assert answer(small_world, campaign, "G-IDENTITY@1", "keep", "other").status_code == 404
    assert answer(small_world, campaign, "G-IDENTITY@1", "extend").status_code == 422
    for words in ("", " ", "长" * 1001, "核查 500199199003120021"):
        assert answer(small_world, campaign, "G-IDENTITY@1", "keep", words=words).status_code == 422
    assert answer(small_world, campaign, "G-IDENTITY@1", "keep", revision=7).status_code == 409
    for path in (
        f"{AT}/camp_none",
        f"{AT}/{campaign}/items/9",
        f"{AT}/{campaign}/items/x",
        f"{AT}/{campaign}/items/9999999",
    ):
        assert call(small_world, "wei", "GET", path).status_code == 404
    for query in ("?show=x", "?after=x", "?limit=0"):
        assert call(small_world, "wei", "GET", f"{AT}/{campaign}/items{query}").status_code == 422
    assert small_world.events("CampaignItemAnswered") == []


def test_a_deadline_is_kept_also_before_the_sweep_comes(small_world: World) -> None:
    campaign = opened(small_world)
    later(small_world, 30)
    late = answer(small_world, campaign, "G-IDENTITY@1", "keep")
    assert (late.status_code, late.json["reason"]) == (403, "campaign.over")
    off = call(small_world, "gao", "POST", f"{AT}/{campaign}/call-off", {"reason": "误发起"})
    assert (off.status_code, off.json["reason"]) == (403, "campaign.over")


def test_a_campaign_that_was_called_off_ends_nothing(small_world: World) -> None:
    campaign = opened(small_world)
    assert call(small_world, "wei", "POST", f"{AT}/{campaign}/call-off", {"reason": "误发起"}).status_code == 403
    off = done(call(small_world, "gao", "POST", f"{AT}/{campaign}/call-off", {"reason": "误发起"}))
    assert (off["status"], off["reason"], off["commands"]) == ("called-off", "误发起", [])
    later(small_world, 60)
    assert small_world.rooms.campaign_sweep.sweep() == 0
    assert status(small_world, "G-STAFF@1") == "active"
    assert answer(small_world, campaign, "G-IDENTITY@1", "keep").status_code == 403


def test_what_waits_in_one_campaign_is_not_put_into_another(small_world: World) -> None:
    campaign = opened(small_world, evidence_type="identity-card")
    rest = done(call(small_world, "wei", "POST", f"{AT}/preview", {}))
    assert [one["grant"] for one in rest["grants"]] == ["G-STAFF@1"]
    done(answer(small_world, campaign, "G-IDENTITY@1", "keep"))
    assert done(call(small_world, "wei", "POST", f"{AT}/preview", {}))["count"] == 2


def test_a_grant_suspended_or_revoked_meanwhile_is_out_of_force_when_time_is_up(small_world: World) -> None:
    campaign = opened(small_world)
    done(call(small_world, "wei", "POST", "/v1/grants/G-STAFF/suspend", {"reason": "核查"}))
    done(call(small_world, "wei", "POST", "/v1/grants/G-IDENTITY/revoke", {"reason": "另案"}))
    moot = answer(small_world, campaign, "G-IDENTITY@1", "keep")
    assert (moot.status_code, moot.json["reason"]) == (403, "campaign-item.grant-ended")
    later(small_world, 30)
    assert small_world.rooms.campaign_sweep.sweep() == 3
    assert (status(small_world, "G-STAFF@1"), status(small_world, "G-IDENTITY@1")) == ("expired", "revoked")
    found = items(small_world, campaign, "wei")
    assert (found["G-STAFF@1"]["status"], found["G-IDENTITY@1"]["status"]) == ("lapsed", "settled")


def test_an_answer_that_comes_between_reading_and_lapsing_stands(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two write at once: only the first finds the revision it read, and nothing is half done."""
    campaign = opened(small_world)
    with small_world.outside.database.read() as connection:
        read = campaigns.items(connection, campaign, party=None, status=None, after=0, limit=9)
    done(answer(small_world, campaign, "G-IDENTITY@1", "keep"))
    later(small_world, 30)
    monkeypatch.setattr(campaigns, "items", lambda *_args, after, **_more: read if after == 0 else ())
    assert small_world.rooms.campaign_sweep.sweep() == 2
    assert (status(small_world, "G-IDENTITY@1"), status(small_world, "G-STAFF@1")) == ("active", "expired")


def test_lists_show_each_department_what_concerns_it(small_world: World) -> None:
    campaign = opened(small_world)
    assert [one["id"] for one in done(call(small_world, "shen", "GET", AT))["campaigns"]] == [campaign]
    assert done(call(small_world, "pan", "GET", AT))["campaigns"][0]["items"]["waiting"] == 2
    assert done(call(small_world, "chen", "GET", AT))["campaigns"][0]["items"]["waiting"] == 2
    assert done(call(small_world, "other", "GET", AT)) == {"campaigns": [], "next": None}
    assert done(call(small_world, "other", "GET", f"{AT}/{campaign}/items"))["items"] == []
    assert call(small_world, "other", "GET", f"{AT}/{campaign}").status_code == 404
    assert call(small_world, "other", "GET", f"{AT}/{campaign}/items/1").status_code == 404
    assert [one["days_left"] for one in done(call(small_world, "pan", "GET", AT))["campaigns"]] == [10]
    first = done(call(small_world, "wei", "GET", f"{AT}/{campaign}/items?limit=1"))
    second = done(call(small_world, "wei", "GET", f"{AT}/{campaign}/items?limit=1&after={first['next']}"))
    assert [first["items"][0]["number"], second["items"][0]["number"], second["next"]] == [1, 2, None]


def test_a_newer_version_that_went_past_the_provider_is_no_answer(small_world: World) -> None:
    """A tighter version needs the governance approver alone: the provider is asked about it all the same."""
    later(small_world, 91)
    assert small_world.ask(small_world.open_case(), NAME).status_code == 200
    campaign = opened(small_world)
    done(call(small_world, "wei", "POST", "/v1/grants/G-IDENTITY/tighten", {}))
    small_world.approve("G-IDENTITY")
    assert (status(small_world, "G-IDENTITY@1"), status(small_world, "G-IDENTITY@2")) == ("superseded", "active")
    one = items(small_world, campaign)["G-IDENTITY@1"]
    assert (one["current"], one["grant_status"], one["may_answer"]) == ("G-IDENTITY@2", "active", True)
    old = done(call(small_world, "wei", "POST", f"{AT}/preview", {"in_force_days": 91}))["grants"]
    assert {each["grant"] for each in old} == {"G-IDENTITY@2"}  # G-STAFF@1 waits in the campaign already
    later(small_world, 30)
    small_world.rooms.campaign_sweep.sweep()
    assert status(small_world, "G-IDENTITY@2") == "expired"
    assert items(small_world, campaign)["G-IDENTITY@1"]["status"] == "lapsed"


def test_an_end_ends_the_version_in_force(small_world: World) -> None:
    later(small_world, 91)
    assert small_world.ask(small_world.open_case(), NAME).status_code == 200
    campaign = opened(small_world)
    done(call(small_world, "wei", "POST", "/v1/grants/G-IDENTITY/tighten", {}))
    small_world.approve("G-IDENTITY")
    assert done(answer(small_world, campaign, "G-IDENTITY@1", "end"))["grant_status"] in {"superseded", "revoked"}
    assert status(small_world, "G-IDENTITY@2") == "revoked"


def test_campaigns_are_listed_page_by_page(small_world: World) -> None:
    first = opened(small_world, evidence_type="identity-card")
    small_world.clock.advance(1)  # identifiers sort by time
    second = opened(small_world, evidence_type="staff-list")
    page = done(call(small_world, "pan", "GET", f"{AT}?limit=1"))
    assert ([one["id"] for one in page["campaigns"]], page["next"]) == ([second], second)
    rest = done(call(small_world, "pan", "GET", f"{AT}?limit=1&before={page['next']}"))
    assert ([one["id"] for one in rest["campaigns"]], rest["next"]) == ([first], None)
    assert done(call(small_world, "other", "GET", AT)) == {"campaigns": [], "next": None}
    assert call(small_world, "pan", "GET", f"{AT}?limit=0").status_code == 422
