"""The responsibility list on the officers' pages, and as the file that a spreadsheet opens."""

from __future__ import annotations

import csv
import io

from tests.doubles.exchange import ITEM, MARKET, OTHER_ITEM, POLICE, World
from tests.doubles.sign_ins import OfficersBrowser

AT = "/console/responsibility"


def officer(world: World, organisation: str, language: str = "zh-CN") -> OfficersBrowser:
    browser = OfficersBrowser(world, language)
    assert browser.sign_in("shen", "auditor", organisation=organisation).status_code == 303
    return browser


def test_the_list_shows_who_owes_what_to_whom_and_is_a_file_too(small_world: World) -> None:
    browser = officer(small_world, MARKET)
    own = browser.get(AT)
    assert own.status_code == 200
    assert "开办餐馆" in own.text
    assert ITEM in own.text
    assert OTHER_ITEM not in own.text  # that of urban management, with data of the police
    assert OTHER_ITEM in browser.get(f"{AT}?show=all").text
    assert OTHER_ITEM in officer(small_world, POLICE).get(AT).text
    filtered = browser.get(f"{AT}?service_item={OTHER_ITEM}&organisation=")
    assert f'value="{OTHER_ITEM}"' in filtered.text
    assert f"/{ITEM}" not in filtered.text
    file = browser.get(f"{AT}.csv?service_item={OTHER_ITEM}")
    assert file.headers["Content-Type"].startswith("text/csv")
    assert file.headers["Content-Disposition"] == 'attachment; filename="responsibility.csv"'
    rows = list(csv.reader(io.StringIO(file.data.decode("utf-8-sig"))))
    assert rows[0][0] == "事项编码"
    assert {row[0] for row in rows[1:]} == {OTHER_ITEM}
    english = officer(small_world, MARKET, "en").get(f"{AT}.csv?show=all")
    assert english.text.lstrip("\ufeff").startswith("service item,")


def test_nothing_found_and_bad_input_are_clear(small_world: World) -> None:
    browser = officer(small_world, MARKET)
    assert "没有符合条件的内容" in browser.get(f"{AT}?organisation=NOBODY").text
    for bad in ("after=x", "organisation=" + "x" * 300, "show=%00", "service_item=%F0%9F%98%80", "after=-1"):
        assert browser.get(f"{AT}?{bad}").status_code < 500, bad
        assert browser.get(f"{AT}.csv?{bad}").status_code < 500, bad
    assert small_world.client.get(AT).status_code == 303  # to the sign-in first
