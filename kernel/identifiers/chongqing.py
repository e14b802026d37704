"""Chongqing's divisions as a table: 38 codes before November 2025, and the change of 2025-2026 after them.

On 2025-11-06 Jiangbei and Yubei were abolished. Their successor, Liangjiang New Area, was launched on 2026-01-25; which
code it has is not established, so it has none here. Five towns of Yubei went to Beibei, and five units of Beibei to
Liangjiang: the reason why a succession is a relation between divisions and not a renaming.
"""

from datetime import date

from kernel.text import Text

from .division_table import Division, DivisionTable, Extent, Level, Succession

CHONGQING = "500000"
SYNTHETIC = "500199"  # assigned to nobody: only made-up people and organisations carry it
_ABOLISHED = date(2025, 11, 6)
_LAUNCHED = date(2026, 1, 25)

_DISTRICTS = {
    "500101": ("万州区", "Wanzhou"),
    "500102": ("涪陵区", "Fuling"),
    "500103": ("渝中区", "Yuzhong"),
    "500104": ("大渡口区", "Dadukou"),
    "500106": ("沙坪坝区", "Shapingba"),
    "500107": ("九龙坡区", "Jiulongpo"),
    "500108": ("南岸区", "Nan'an"),
    "500110": ("綦江区", "Qijiang"),
    "500111": ("大足区", "Dazu"),
    "500113": ("巴南区", "Banan"),
    "500114": ("黔江区", "Qianjiang"),
    "500115": ("长寿区", "Changshou"),
    "500116": ("江津区", "Jiangjin"),
    "500117": ("合川区", "Hechuan"),
    "500118": ("永川区", "Yongchuan"),
    "500119": ("南川区", "Nanchuan"),
    "500120": ("璧山区", "Bishan"),
    "500151": ("铜梁区", "Tongliang"),
    "500152": ("潼南区", "Tongnan"),
    "500153": ("荣昌区", "Rongchang"),
    "500154": ("开州区", "Kaizhou"),
    "500155": ("梁平区", "Liangping"),
    "500156": ("武隆区", "Wulong"),
}
_COUNTIES = {
    "500229": ("城口县", "Chengkou"),
    "500230": ("丰都县", "Fengdu"),
    "500231": ("垫江县", "Dianjiang"),
    "500233": ("忠县", "Zhong"),
    "500235": ("云阳县", "Yunyang"),
    "500236": ("奉节县", "Fengjie"),
    "500237": ("巫山县", "Wushan"),
    "500238": ("巫溪县", "Wuxi"),
}
_AUTONOMOUS_COUNTIES = {
    "500240": ("石柱土家族自治县", "Shizhu"),
    "500241": ("秀山土家族苗族自治县", "Xiushan"),
    "500242": ("酉阳土家族苗族自治县", "Youyang"),
    "500243": ("彭水苗族土家族自治县", "Pengshui"),
}


def _division(code: str, names: tuple[str, str], level: Level, suffix: str) -> Division:
    return Division(code, Text(names[0], f"{names[1]} {suffix}"), level, CHONGQING)


def _abolished(code: str, zh: str, en: str) -> Division:
    return Division(code, Text(zh, f"{en} District"), Level.DISTRICT, CHONGQING, until=_ABOLISHED)


BEIBEI = Division("500109", Text("北碚区", "Beibei District"), Level.DISTRICT, CHONGQING)
LIANGJIANG = Division(None, Text("两江新区", "Liangjiang New Area"), Level.DISTRICT, CHONGQING, since=_LAUNCHED)

DIVISIONS = (
    Division(CHONGQING, Text("重庆市", "Chongqing"), Level.MUNICIPALITY, None),
    *(_division(code, names, Level.DISTRICT, "District") for code, names in _DISTRICTS.items()),
    BEIBEI,
    _abolished("500105", "江北区", "Jiangbei"),
    _abolished("500112", "渝北区", "Yubei"),
    LIANGJIANG,
    *(_division(code, names, Level.COUNTY, "County") for code, names in _COUNTIES.items()),
    *(
        _division(code, names, Level.AUTONOMOUS_COUNTY, "Autonomous County")
        for code, names in _AUTONOMOUS_COUNTIES.items()
    ),
    Division(SYNTHETIC, Text("演示区", "Demo District"), Level.DISTRICT, CHONGQING, synthetic=True),
)

SUCCESSIONS = (
    Succession(
        "500105", LIANGJIANG, Extent.REMAINDER, _ABOLISHED, Text("并入两江新区", "Became part of Liangjiang New Area")
    ),
    Succession(
        "500112", LIANGJIANG, Extent.REMAINDER, _ABOLISHED, Text("并入两江新区", "Became part of Liangjiang New Area")
    ),
    Succession(
        "500112", BEIBEI, Extent.PART, _ABOLISHED, Text("五个镇划归北碚区", "Five towns went to Beibei District")
    ),
    Succession(
        "500109",
        LIANGJIANG,
        Extent.PART,
        _ABOLISHED,
        Text("五个单位划归两江新区", "Five units went to Liangjiang New Area"),
    ),
)

TABLE = DivisionTable(DIVISIONS, SUCCESSIONS)
