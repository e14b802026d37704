"""The stories as a newcomer sees them: ``tongban demo --once``, on SQLite and on PostgreSQL, and with a port taken."""

import json
import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

from tests.unit.tongban.conftest import run
from tongban.demo.fact_names import IN_ENGLISH

ROOT = Path(__file__).resolve().parents[2]
ON_PAPER = ("restaurant", "newborn", "school", "home-transfer", "retirement", "after-death", "cross-province")
"""Stories of services that used to ask for papers."""
STORIES = (*ON_PAPER, "emergency")
PORTS_OF_A_DEMO = 32
REFUSED = {
    "restaurant": [
        "return-flow.not-granted",
        "resolution.sharing-could-supply",
        "policy.field-not-granted",
        "resolution.certificate-not-in-force",
    ],
    "school": ["policy.consent-missing", "policy.consent-missing", "preview.declined"],
    "home-transfer": ["evidence.not-found"],
    "after-death": ["policy.system-locked", "case.closed", "evidence.input-missing"],
    "emergency": [
        "policy.absence-not-granted",
        "emergency.same-person",
        "policy.emergency-over",
        "emergency.review-first",
    ],
}
"""What is refused on purpose, in the order of the story."""
SEEN = {
    ("restaurant", "行数"): [33],
    ("restaurant", "邻区未给"): [4],
    ("restaurant", "证照状态"): ["有效", "暂扣"],
    ("restaurant", "评分"): [2],
    ("restaurant", "差评"): [1],
    ("restaurant", "确认退出的网站"): [2],
    ("retirement", "条目"): [9],
    ("after-death", "查询"): [6],
    ("after-death", "锁定"): ["lifted"],
    ("ledger", "差异"): [0],
    ("school", "月数"): [20, 20],
    ("school", "选了"): ["premises-title"],
    ("school", "未选"): ["preview.not-chosen"],
    ("home-transfer", "等待"): ["awaiting-preview、awaiting-preview"],
    ("home-transfer", "有异议"): ["是 yes"],
    ("home-transfer", "状态"): ["已更正"],
    ("home-transfer", "事件"): ["tongban.evidence.corrected"],
    ("home-transfer", "告知办件"): [1],
}
"""What became of a journey, by story and fact."""


def free_port_base() -> int:
    """The first port of a range in which nothing listens; ranges differ between workers."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    for base in range(20000 + 2000 * worker, 22000 + 2000 * worker, 50):
        with socket.socket() as first, socket.socket() as last:
            if first.connect_ex(("127.0.0.1", base)) and last.connect_ex(("127.0.0.1", base + PORTS_OF_A_DEMO)):
                return base
    raise RuntimeError("no free ports")


def tongban(*words):
    command = [sys.executable, "-m", "tongban", *words]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=480)


def demo(*words):
    return tongban("demo", "--json", *words)


def facts(told, story, name):
    return [step["facts"][name] for step in told["steps"] if step["story"] == story and name in step["facts"]]


def test_every_story_comes_out_as_told(database_url, tmp_path):
    folder = tmp_path / "demo"
    words = ["--once", "--port-base", str(free_port_base()), "--data", str(folder)]
    if database_url.startswith("postgresql"):
        words += ["--database", database_url]
    done = demo(*words)
    assert done.stdout, done.stderr  # it never began
    told = json.loads(done.stdout)
    assert [step for step in told["steps"] if not step["ok"]] == []
    assert done.returncode == 0, done.stderr
    assert told["uploads"] == {"before": 9, "after": 0}
    papers = {step["story"]: step["facts"]["现在"] for step in told["steps"] if "现在" in step["facts"]}
    assert papers == dict.fromkeys(ON_PAPER, 0), "no story's paper was uploaded"
    [command] = [step["facts"]["命令"] for step in told["steps"] if "命令" in step["facts"]]
    assert tongban(*shlex.split(command)[1:]).returncode == 0, "the command shown does what was shown"
    put = [step["facts"]["材料"] for step in told["steps"] if step["facts"].get("等待") == "further-questions"]
    assert put == ["insurance-contributions"], "one source asked the person"
    assert [step["facts"]["追问次数"] for step in told["steps"] if "追问次数" in step["facts"]] == [2]
    assert {story: facts(told, story, "code") for story in REFUSED} == REFUSED
    assert {(story, name): facts(told, story, name) for story, name in SEEN} == SEEN
    assert {step["story"] for step in told["steps"]} == {"setup", "approval", *STORIES, "ledger"}
    every_fact_is_named_in_both_languages(told)
    assert all(person["password"] and person["totp_secret"] for person in told["people"])
    no_citizen_number_stands_in_any_log(folder)


def every_fact_is_named_in_both_languages(told):
    known = {person["name"] for person in told["people"]}
    assert {name for step in told["steps"] for name in step["facts"] if not name.isascii()} - known == {*IN_ENGLISH}


def no_citizen_number_stands_in_any_log(folder):
    numbers = [person["number"] for person in json.loads((folder / "world.json").read_text(encoding="utf-8"))["people"]]
    logged = "".join((folder / "logs" / f"{name}.log").read_text(encoding="utf-8") for name in ("idp", "exchange"))
    assert "Started worker" in logged
    assert [number for number in numbers if number in logged] == []


def test_a_taken_port_is_a_clear_error_with_status_2(tmp_path):
    base = free_port_base()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", base + 1))
        taken.listen()
        done = demo("--once", "--port-base", str(base), "--data", str(tmp_path / "demo"))
    assert done.returncode == 2
    assert str(base + 1) in done.stderr
    assert "--port-base" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_in_use_is_not_overwritten(tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "tongban.toml").write_text("# somebody's\n", encoding="utf-8")
    done = run("demo", "--json", "--once", "--port-base", free_port_base(), "--data", folder)
    assert done.exit_code == 2
    assert (folder / "tongban.toml").read_text(encoding="utf-8") == "# somebody's\n"


def test_an_unknown_story_is_wrong_usage():
    assert run("demo", "--json", "--once", "--story", "no-such-story").exit_code == 2
