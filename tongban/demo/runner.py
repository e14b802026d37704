"""``tongban demo`` from beginning to end: set up, start, approve, play, and stay up for the browser."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

import requests
from rich.console import Console

from exchange.administration import open_administration
from kernel.settings import Settings
from tongban.demo.narration import Narrator, StoryFailed, expect
from tongban.demo.officers import approve_all, ask_for_data, sign_in
from tongban.demo.people import EVERY, Account
from tongban.demo.processes import DemoFailed, NotStarted, Processes, refuse_taken
from tongban.demo.setting_up import WEBSITES, Scene, ports, register, set_up
from tongban.demo.stories import (
    after_death,
    cross_province,
    emergency,
    home_transfer,
    newborn,
    restaurant,
    retirement,
    school,
)
from tongban.demo.stories.stage import Stage
from tongban.installation import NotInstallable
from tongban.officer import OfficerSession

_TOLD = {
    "restaurant": restaurant,
    "newborn": newborn,
    "school": school,
    "home-transfer": home_transfer,
    "retirement": retirement,
    "after-death": after_death,
    "cross-province": cross_province,
    "emergency": emergency,
}
STORIES: Mapping[str, Callable[[Stage], None]] = {name: story.play for name, story in _TOLD.items()}
ANSWERS = {name: story.ANSWERS for name, story in _TOLD.items()}


COMMAND = "tongban ledger reconcile"
"""What an operator types for the same."""
INTERRUPTED = 130
"""Exit status of what SIGINT ended (128 + 2, as shells count)."""
AT_ONCE = 3
"""Officers who sign in at the same time."""


@dataclass(frozen=True)
class Options:
    """How the demonstration was asked for."""

    once: bool
    port_base: int
    data: Path | None
    story: str
    database: str | None
    as_json: bool


def run(options: Options) -> int:
    """Exit status: 0 when all was told and came out as told, 1 when not, 2 when it could not begin.

    INTERRUPTED when somebody ended it before all was told: what was not played says nothing.
    """
    console = Console(highlight=False)
    narrator = Narrator(console, machine=options.as_json)
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(1))  # unwinds, so that no process is left behind
    told = False
    try:
        with folder(options.data) as place, Processes(place / "logs") as processes:
            scene = start(narrator, processes, place, options)
            play(narrator, stage_of(narrator, processes, scene), scene, options.story)
            finish(narrator, scene, options)
            told = True
            if not options.once:
                stay_up()
    except (DemoFailed, NotInstallable) as failure:
        sys.stderr.write(f"{failure}\n")
        return 2
    except KeyboardInterrupt:
        if not told:
            return INTERRUPTED
    return 0 if narrator.ok else 1


@contextmanager
def folder(data: Path | None) -> Iterator[Path]:
    """The data folder: the one named, which is kept, or a temporary one, kept for its logs where nothing started."""
    if data is not None:
        data.mkdir(parents=True, exist_ok=True)
        yield data.resolve()
        return
    fresh, is_needed = Path(tempfile.mkdtemp(prefix="tongban-demo-")), False
    try:
        yield fresh
    except NotStarted:
        is_needed = True
        raise
    finally:
        if not is_needed:
            shutil.rmtree(fresh, ignore_errors=True)


def start(narrator: Narrator, processes: Processes, place: Path, options: Options) -> Scene:
    """Set up and start everything."""
    narrator.heading("准备", "Getting ready")
    refuse_taken(ports(options.port_base, options.story))
    with narrator.step(
        "setup", "建立配置、密钥、数据库、目录与虚构的人", "configuration, keys, databases, catalogue, invented people"
    ) as step:
        scene = set_up(place, options.port_base, options.database, options.story)
        processes.launch([*scene.departments(), *(scene.neighbour.services if scene.neighbour else ())])
        register(scene)
        step.saw(数据目录=str(place))
    with narrator.step("setup", "启动各部门系统与两个服务", "the departments' systems and two services start") as step:
        processes.launch(scene.services())
        processes.wait()
        step.saw(进程=len(processes.running))
    return scene


def stage_of(narrator: Narrator, processes: Processes, scene: Scene) -> Stage:
    """What the stories see."""
    programs = {program.name: program for program in scene.departments()}
    return Stage(
        narrator=narrator,
        folder=scene.folder,
        issuer=scene.settings.idp.issuer,
        exchange=scene.settings.exchange.origin,
        sites={site.name: scene.site(site.name) for site in WEBSITES},
        people={account.key: account.credentials for account in scene.people},
        log_key=requests.get(f"{scene.settings.exchange.origin}/v1/ledger/key", timeout=10).text.strip(),
        neighbour=scene.neighbour.exchange if scene.neighbour else "",
        stop_department=processes.stop,
        start_department=lambda name: processes.restart(programs[name]),
    )


def play(narrator: Narrator, stage: Stage, scene: Scene, story: str) -> None:
    """Approve the grants, play the stories, compare all of it with the log; a failed one does not stop the next."""
    chosen = STORIES if story == EVERY else {story: STORIES[story]}
    told = (partial(tell, stage) for tell in chosen.values())
    parts = [partial(approvals, narrator, stage, scene.people), *told, partial(reconciled, narrator, scene.settings)]
    for part in parts:
        with suppress(StoryFailed):  # the step that failed has been told; the next story may still be seen
            part()


def approvals(narrator: Narrator, stage: Stage, people: Sequence[Account]) -> None:
    """Officers sign in and bring the drafted grants to life."""
    narrator.heading("授权生效", "Grants come to life")
    narrator.say(
        "演示中审批人用动态码登录（staff_passkey = offered）；正式安装要求工作人员使用通行密钥",
        "officers sign in with a one-time code here (staff_passkey = offered); a real installation asks for passkeys",
    )
    opened = officers_in(narrator, stage, people)
    by_department = {
        account.organisation or "": opened[account.key] for account in people if "provider-officer" in account.roles
    }
    approve_all(narrator, by_department, opened)
    ask_for_data(narrator, by_department, opened)


def reconciled(narrator: Narrator, settings: Settings) -> None:
    """What people and departments are shown of all this is what the log holds: an operator has it compared."""
    narrator.heading("核对账本", "The log is reconciled")
    with narrator.step(
        "ledger", "使用记录与账本逐条核对：零差异", "usage and log compared entry by entry: no difference"
    ) as step:
        with open_administration(settings.exchange) as exchange:
            found = exchange.reconcile(lambda entries, _size: entries)
        expect(found.differences == 0, str(dict(found.named)))
        step.saw(条目=found.entries, 涉及的人=found.people, 差异=found.differences, 核对=COMMAND)


def officers_in(narrator: Narrator, stage: Stage, people: Sequence[Account]) -> Mapping[str, OfficerSession]:
    """Every officer's session, from here on the stage's."""
    with narrator.step(
        "approval", "各部门的审批人登录（密码 + 动态码）", "officers sign in with password and one-time code"
    ):
        stage.officers.update(signed_in(stage, [account for account in people if account.roles]))
    return stage.officers


def signed_in(stage: Stage, officers: Sequence[Account]) -> dict[str, OfficerSession]:
    """Every officer's session; a few sign in at a time, as they would of a morning."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        opened = pool.map(lambda account: entered(stage, account), officers)
        return {account.key: session for account, session in zip(officers, opened, strict=True)}


def entered(stage: Stage, account: Account) -> OfficerSession:
    """One officer's session. The browser they signed in with is theirs from here on."""
    return sign_in(stage.issuer, stage.exchange, account.credentials, stage.browser_of(account.key))


def finish(narrator: Narrator, scene: Scene, options: Options) -> None:
    """Say where everything is, and whether it stays."""
    where, people = addresses(scene.settings, scene.origins), sign_ins(scene.people)
    answers = typed(options.story)
    if options.as_json:
        print(narrator.document(people=people, answers=answers, addresses=where), flush=True)
    else:
        show(narrator, where, people, answers)
        narrator.say(f"发给他们的通知在 {scene.settings.idp.notice_spool}", "that is where their notices are")
    if options.once:
        narrator.say(*_LEFT[options.data is not None])
    else:
        narrator.say("按 Ctrl-C 结束", "stays up for the browser; Ctrl-C ends it")


def stay_up() -> NoReturn:
    """Wait for the Ctrl-C that ends it."""
    while True:
        time.sleep(3600)


def typed(story: str) -> Mapping[str, Mapping[str, str]]:
    """What to type into the forms of one story, or of each."""
    return ANSWERS if story == EVERY else {story: ANSWERS[story]}


_LEFT = {
    True: ("各服务随即停止，数据目录保留", "the services stop now, and the data folder stays"),
    False: (
        "各服务随即停止，数据目录随之删除；要用浏览器看，请不加 ONCE=1（--once）；要留下，请用 --data",
        "the services stop and their folder goes; leave out ONCE=1 (--once) to look around, or keep it with --data",
    ),
}
"""The last words of a demonstration that does not stay up, by whether a data folder was named."""


def show(
    narrator: Narrator,
    where: Mapping[str, str],
    people: Sequence[Mapping[str, str]],
    answers: Mapping[str, Mapping[str, str]],
) -> None:
    """Where to look with a browser, as whom, and what to type."""
    narrator.table("地址 Addresses", ["什么 what", "哪里 where"], [[name, url] for name, url in where.items()])
    columns = ["故事 story", "姓名 name", "用户名 user", "密码 password", "动态码密钥 TOTP secret"]
    keys = ("story", "name", "username", "password", "totp_secret")
    narrator.table("虚构的人 Invented people", columns, [[row[key] for key in keys] for row in people])
    rows = [[story, field, value] for story, fields in answers.items() for field, value in fields.items()]
    narrator.table("表单里填什么 What to type into the forms", ["故事 story", "栏目 field", "内容 value"], rows)


def sign_ins(people: Sequence[Account]) -> list[dict[str, str]]:
    """Who the invented people are and how they sign in."""
    return [
        {
            "username": account.credentials.username,
            "password": account.credentials.password,
            "totp_secret": account.credentials.totp_secret,
            "story": account.story,
            "name": account.name,
            "citizen_number": account.number,
        }
        for account in people
    ]


def addresses(settings: Settings, origins: Mapping[str, str]) -> dict[str, str]:
    """Where to look with a browser."""
    sites = {f"{site.title['zh']} {site.title['en']}": origins[site.name] for site in WEBSITES}
    return {
        "身份提供方 identity provider": settings.idp.issuer,
        "交换服务 exchange": settings.exchange.origin,
        "交换服务接口 exchange API": f"{settings.exchange.origin}/docs",
        "工作人员页面 officers' pages": f"{settings.exchange.origin}/console",
        "公民页面 citizens' pages": f"{settings.exchange.origin}/my",
        **sites,
    }
