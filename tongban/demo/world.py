"""A synthetic world: people, households, businesses and papers that cannot be anybody's.

Division 500199 is unassigned and organisation bodies begin with ``DEM``, so no number can belong to a real person or
body although every check digit is right. The same seed gives the same world.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.identifiers import certificate_id, citizen_number, social_credit_code

DIVISION = "500199"
ELSEWHERE = "500103"
"""The division of a neighbouring district, in which a few businesses are."""
HOUSEHOLDS = 72
BUSINESSES = 36
TODAY = datetime.date(2026, 11, 20)
UPDATED = "2026-11-20T02:30:00+08:00"
POLICE = "11500000DEM0000303"
MARKET = "11500000DEM000057T"
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = ("示例", "样本", "演示", "虚构", "测试", "拟定", "范例", "试样", "示范", "模拟", "样例", "例证")
SUFFIX = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉"
STREETS = ("示范路", "演示大道", "样本街", "虚构巷", "测试新村", "模拟坪")
TRADES = ("面馆", "火锅店", "小吃店", "茶楼", "豆花饭店", "糕点铺", "餐饮服务部")
CLINICS = ("演示区第一医院", "演示区疾控中心", "示范路社区卫生服务中心")


@dataclass(frozen=True)
class Named:
    """A person the stories call by name."""

    name: str
    number: str


CHEN = Named("陈示例", "500199199003120021")
LI = Named("李样本", "500199199108250033")
CHILD = Named("陈小样", "500199202609010040")
WANG = Named("王测试", "500199197806190059")
ZHANG = Named("张虚构", "500199196511200067")
OUYANG = Named("欧阳演示", "500199198511010086")
AYGULI = Named("阿依古丽·买买提", "500199199302140225")
ZHAO = Named("赵无名", "50019919550105011X")
ZHOU = Named("周示例", "500199197904081016")
WU = Named("吴样本", "500199198109171025")
SUN = Named("孙演示", "500199198802231030")
HE = Named("何示例", "500199196305111055")
FU = Named("李演示", "500199194103021079")
QIN = Named("秦示例", "50019919920707109X")
CAST = (CHEN, LI, CHILD, WANG, ZHANG, OUYANG, AYGULI, ZHAO, ZHOU, WU, SUN, HE, FU, QIN)
TENANTS = (SUN, QIN)
"""Heads of households who own no home."""


def build(seed: int = 20261120) -> dict[str, Any]:
    """The whole world as JSON values, one member for each register."""
    chance = random.Random(seed)  # noqa: S311 - invented data that must repeat, not a secret
    people = [*cast(), *residents(chance)]
    named = {person["number"]: person for person in people}
    businesses = list(trading(chance, people))
    return {
        "people": people,
        "marriages": list(marriages(people)),
        "titles": list(titles(chance, people)),
        "sales": [sale()],
        "employments": list(employments(chance, businesses, people)),
        "health_certificates": list(health_certificates(chance, people)),
        "births": [birth(named)],
        "contributions": list(contributions(chance, people)),
        "pensions": [pension()],
        "kinships": [{"child": LI.number, "parent": FU.number, "updated": UPDATED}],
        "deaths": [death()],
        "homes_elsewhere": {ZHOU.number: "邻省演示市样本街7号"},
        "certificates": [household_certificate()],
        "vaccinations": list(vaccinations(people)),
        "businesses": businesses,
        "free_codes": [*free_codes()],
    }


def person(number: str, name: str, household: dict[str, str], ethnicity: str = "01") -> dict[str, Any]:
    """One resident as the population register will hold them."""
    parsed = citizen_number.parse(number)
    aged = TODAY.year - parsed.born.year
    until = "长期" if aged > 46 else f"{TODAY.year + 6}-06-30"
    return {
        "number": number,
        "name": name,
        "sex": "male" if int(number[16]) % 2 else "female",
        "ethnicity": ethnicity,
        "born": parsed.born.isoformat(),
        "address": household["address"],
        "card_valid_until": until,
        "household": household,
        "updated": UPDATED,
    }


def home(index: int, relation: str) -> dict[str, str]:
    """A place in household number ``index``."""
    street = STREETS[index % len(STREETS)]
    return {
        "number": f"H{DIVISION}{index:06d}",
        "relation": relation,
        "address": f"演示区{street}{index % 97 + 1}号{index % 6 + 1}-{index % 8 + 1}",
    }


def cast() -> Iterator[dict[str, Any]]:
    """The people of the stories: one family, and others in households of their own."""
    yield person(CHEN.number, CHEN.name, home(1, "户主"))
    yield person(LI.number, LI.name, home(1, "配偶"))
    yield person(CHILD.number, CHILD.name, home(1, "子女"))
    for index, one in enumerate((WANG, ZHANG, OUYANG, AYGULI, ZHAO), start=2):
        yield person(one.number, one.name, home(index, "户主"), "05" if one is AYGULI else "01")
    yield person(ZHOU.number, ZHOU.name, home(7, "户主"))
    yield person(WU.number, WU.name, home(7, "配偶"))
    yield person(SUN.number, SUN.name, home(8, "户主"))
    yield person(HE.number, HE.name, home(9, "户主"))
    yield person(FU.number, FU.name, home(1, "父亲"))
    yield person(QIN.number, QIN.name, home(90, "户主"))


def residents(chance: random.Random) -> Iterator[dict[str, Any]]:
    """Households of a couple and one or two children, all invented."""
    serial = 300
    for index in range(10, 10 + HOUSEHOLDS):
        surname = chance.choice(SURNAMES)
        for relation, years in (("户主", 45), ("配偶", 43), ("子女", 15), ("子女", 11))[: chance.choice((3, 4, 4))]:
            serial += 2
            male = relation == "户主" or (relation == "子女" and chance.random() < 0.5)
            born = datetime.date(
                TODAY.year - years + chance.randint(-6, 6), chance.randint(1, 12), chance.randint(1, 28)
            )
            number = citizen_number.compose(DIVISION, born, serial + (1 if male else 0)).value
            family = surname if relation != "配偶" else chance.choice(SURNAMES)
            name = family + chance.choice(GIVEN) + (chance.choice(SUFFIX) if chance.random() < 0.5 else "")
            yield person(number, name[:4], home(index, relation))


def couples(people: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Head and spouse of each household that has both."""
    spouses = {one["household"]["number"]: one for one in people if one["household"]["relation"] == "配偶"}
    for head in people:
        other = spouses.get(head["household"]["number"])
        if head["household"]["relation"] == "户主" and other:
            yield head, other


def marriages(people: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One registration for each couple."""
    for index, (one, other) in enumerate(couples(people), start=1):
        yield {
            "parties": [one["number"], other["number"]],
            "registered": f"{2008 + index % 12}-05-{index % 27 + 1:02d}",
            "number": f"J{DIVISION}-{index:06d}",
            "updated": UPDATED,
        }


def titles(chance: random.Random, people: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Most heads of households hold a title; 王测试 holds the shop and 周示例 the home that stories are about."""
    tenants = {one.number for one in TENANTS}
    heads = [one for one in people if one["household"]["relation"] == "户主" and one["number"] not in tenants]
    for index, holder in enumerate(heads):
        shop = holder["number"] == WANG.number or (holder["number"] != ZHOU.number and chance.random() < 0.4)
        yield {
            "holder_number": holder["number"],
            "holder_name": holder["name"],
            "title_number": f"渝（2024）演示区不动产权第{index + 1:07d}号",
            "address": f"演示区示范路{88 + index}号" if shop else holder["address"],
            "usage": "商业服务" if shop else "住宅",
            "area": f"{chance.randint(40, 180)}.{chance.randint(10, 99)}",
            "registered": f"{chance.randint(2015, 2024)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
            "updated": UPDATED,
        }


def sale() -> dict[str, Any]:
    """周示例 has sold the home to 孙演示, and the tax on it is paid."""
    return {
        "seller_number": ZHOU.number,
        "buyer_number": SUN.number,
        "certificate": f"W{DIVISION}-2026-000017",
        "price": "860000.00",
        "paid": "2026-11-12",
        "updated": UPDATED,
    }


def sole_trader_code(index: int) -> str:
    """A unified social credit code of a body that cannot exist (``92`` + division + ``DEM…``)."""
    return social_credit_code.compose("92", DIVISION, f"DEMD{index:04d}").value


def trading(chance: random.Random, people: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Businesses that exist before the story begins; some have ended."""
    owners = [
        one
        for one in people
        if one["household"]["relation"] == "户主" and one["number"] not in {c.number for c in CAST}
    ]
    for index, owner in enumerate(owners[:BUSINESSES]):
        division, district = (ELSEWHERE, "邻区") if index % 9 == 0 else (DIVISION, "演示区")
        yield {
            "code": sole_trader_code(index + 1),
            "name": f"{district}{owner['name'][0]}记{chance.choice(TRADES)}",
            "owner_number": owner["number"],
            "owner": owner["name"],
            "address": f"{district}{chance.choice(STREETS)}{chance.randint(1, 200)}号",
            "division": division,
            "founded": f"{chance.randint(2012, 2025)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
            "valid_until": "长期",
            "status": chance.choice(("01", "01", "01", "01", "04")),
            "updated": UPDATED,
            "certificate": licence_certificate(sole_trader_code(index + 1)),
        }


def licence_certificate(code: str) -> str:
    """The identifier of the electronic business licence of a body (GB/T 36904)."""
    return certificate_id.compose(f"{MARKET}001", MARKET, code).value


def free_codes() -> Iterator[dict[str, str]]:
    """Codes that are free to be given out, each with the identifier that its licence will have."""
    for index in range(500, 700):
        code = sole_trader_code(index)
        yield {"code": code, "certificate": licence_certificate(code)}


def employments(
    chance: random.Random, businesses: Sequence[dict[str, Any]], people: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Who works for whom; 王测试 has registered two people before the restaurant opens."""
    story = [{"name": one.name, "number": one.number, "since": "2026-11-01"} for one in (OUYANG, AYGULI)]
    yield {"owner": WANG.number, "employer": "王测试（筹建）", "staff": story, "updated": UPDATED}
    adults = [one for one in people if one["household"]["relation"] in ("户主", "配偶")]
    for business in businesses:
        staff = [
            {"name": one["name"], "number": one["number"], "since": "2025-03-01"}
            for one in chance.sample(adults, chance.randint(1, 4))
        ]
        yield {"owner": business["owner_number"], "employer": business["name"], "staff": staff, "updated": UPDATED}


def health_certificates(chance: random.Random, people: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Certificates of a year; some have run out. The story's two employees hold good ones."""
    story = {OUYANG.number, AYGULI.number}
    adults = [one for one in people if one["household"]["relation"] in ("户主", "配偶")]
    for index, one in enumerate(adults):
        if one["number"] not in story and chance.random() < 0.3:
            continue
        good = one["number"] in story or chance.random() < 0.8
        issued = datetime.date(2026, 3, 1) if good else datetime.date(2025, 2, 1)
        yield {
            "number": one["number"],
            "name": one["name"],
            "certificate": f"JK{DIVISION}{index:06d}",
            "issued": issued.strftime("%Y/%m/%d"),
            "valid_until": issued.replace(year=issued.year + 1).strftime("%Y/%m/%d"),
            "result": "合格",
            "clinic": chance.choice(CLINICS),
            "updated": UPDATED,
        }


def contributions(chance: random.Random, people: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The months for which adults paid social insurance, and what it came to.

    陈示例 has paid for twenty without a gap; 何示例 since the register is kept by computer, and for two in another area
    before that: an account that was never closed.
    """
    known = {CHEN.number: 20, HE.number: 190}
    for one in (one for one in people if one["household"]["relation"] in ("户主", "配偶")):
        paid = known[one["number"]] if one["number"] in known else chance.randint(0, 30)
        months = [datetime.date(2026 - (index + 2) // 12, 12 - (index + 2) % 12, 1) for index in range(paid)]
        yield {
            "number": one["number"],
            "months": [month.isoformat() for month in reversed(months)],
            "total": f"{paid * 412}.50",
            "area": "01",
            "updated": UPDATED,
        }
    left = ["2009-11-01", "2009-12-01"]
    yield {"number": HE.number, "months": left, "total": "206.00", "area": "02", "updated": UPDATED}


def pension() -> dict[str, Any]:
    """李演示 has been retired for long."""
    return {
        "number": FU.number,
        "name": FU.name,
        "months": 372,
        "monthly": "3645.60",
        "since": "2001-04-01",
        "updated": UPDATED,
    }


def death() -> dict[str, Any]:
    """李演示 has died; the hospital wrote the certificate."""
    return {
        "number": FU.number,
        "name": FU.name,
        "died": "2026-11-18",
        "place": "演示区第一医院",
        "certificate": f"S{DIVISION}000001",
        "updated": UPDATED,
    }


def household_certificate() -> dict[str, str]:
    """The electronic household register of 李演示 (GB/T 36904)."""
    return {"number": FU.number, "certificate": certificate_id.compose(f"{POLICE}001", POLICE, "DEMO000001").value}


def birth(named: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The birth the newborn story is about."""
    return {
        "mother_number": CHEN.number,
        "mother": named[CHEN.number]["name"],
        "father_number": LI.number,
        "father": named[LI.number]["name"],
        "child": CHILD.name,
        "child_number": CHILD.number,
        "born": "2026-09-01",
        "place": "演示区妇幼保健院",
        "certificate": "Y500199000001",
        "updated": UPDATED,
    }


def vaccinations(people: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What children have been given."""
    for child in (one for one in people if one["household"]["relation"] == "子女"):
        given = "卡介苗、乙肝疫苗（第一剂）" if child["number"] == CHILD.number else "全程"
        yield {
            "number": child["number"],
            "name": child["name"],
            "given": given,
            "next": "2026-12-01",
            "updated": UPDATED,
        }
