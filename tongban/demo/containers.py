"""The demonstration in containers: the one-shot steps that ``docker/compose.yaml`` runs beside the services.

    python -m tongban.demo.containers secrets    the database's password, a private authority, the proxy's certificate
    python -m tongban.demo.containers neighbour  the other province's whole installation, and what ours is given there
    python -m tongban.demo.containers prepare    databases, keys, people, clients, catalogue, what departments are given
    python -m tongban.demo.containers story      approvals and the story that STORY names, over TLS like anybody else

Each container mounts only its own part of ``/installation``; these steps are where the parts are made. Settings come
from the environment, as the services' own do. Every public name is a sibling of the issuer's:
``https://idp.tongban.test:8443`` makes ``https://market.tongban.test:8443``.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import requests
from psycopg import sql
from rich.console import Console

from kernel.clock import SystemClock
from kernel.entropy import SystemEntropy, token
from kernel.private_files import write_secret
from kernel.settings import Settings, load
from tongban import installation
from tongban.client import authorities
from tongban.demo import neighbour, world
from tongban.demo.certificates import Authority, pem
from tongban.demo.departments.process import OUT_OF_SERVICE
from tongban.demo.narration import Narrator, StoryFailed
from tongban.demo.neighbour import Neighbour
from tongban.demo.people import EVERY, Account, accounts
from tongban.demo.runner import STORIES, addresses, approvals, officers_in, show, sign_ins, typed
from tongban.demo.setting_up import REGISTERS, WEBSITES, Scene, hand_over, register, share_keys, write_manifests
from tongban.demo.stories.people import Credentials
from tongban.demo.stories.stage import Stage

INSTALLATION = Path("/installation")
DATABASE = "tongban"
BEGIN_AGAIN = "docker compose -f docker/compose.yaml down --volumes"
FIRST = "restaurant"
"""The story that is told where none is named."""
NEIGHBOUR_IDP, NEIGHBOUR_EXCHANGE = "neighbour-idp", "neighbour-exchange"
"""What the other province's services are called here."""
AGREEMENT = Path("agreement") / "neighbour.json"
"""What ours is given for the other province: it travels from `neighbour` to `prepare`."""


def sibling(issuer: str, name: str) -> str:
    """An origin beside the issuer's: the same address with another first label."""
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{name}.{parts.netloc.partition('.')[2]}"


def origins(settings: Settings) -> dict[str, str]:
    """Where each department is reached through the proxy."""
    return {one.name: sibling(settings.idp.issuer, one.name) for one in (*REGISTERS, *WEBSITES)}


def host_names(settings: Settings) -> list[str]:
    """Every name the proxy answers to."""
    across = (sibling(settings.idp.issuer, name) for name in (NEIGHBOUR_IDP, NEIGHBOUR_EXCHANGE))
    everything = (settings.idp.issuer, settings.exchange.origin, *origins(settings).values(), *across)
    return [str(urlsplit(address).hostname) for address in everything]


# --- secrets ----------------------------------------------------------------------------------------------------------


def secrets(place: Path, environ: Mapping[str, str]) -> int:
    """What must be there before the database and the proxy start. Repeating it renews the certificate alone."""
    password = place / "database" / "password"
    if not password.exists():
        # The database runs under an account of its own: it reads the file by its group.
        write_secret(password, token(SystemEntropy()).encode(), 0o440)
    now = SystemClock().now()
    authority = Authority.open(place / "authority", now)
    (place / "trust" / "ca.pem").write_bytes(pem(authority.certificate))
    key, certificate = authority.issue(host_names(load(None, environ)), now)
    write_secret(place / "proxy" / "server.key", key)
    write_secret(place / "proxy" / "server.pem", certificate, 0o644)
    print("secrets: 密码与证书已备好 / password and certificates are there", flush=True)
    return 0


# --- neighbour --------------------------------------------------------------------------------------------------------


def neighbouring(place: Path, environ: Mapping[str, str]) -> int:
    """The other province, made by itself: it shares no volume, no account and no database with ours."""
    return once("neighbour", place, place / AGREEMENT, environ, establish_neighbour)


def establish_neighbour(place: Path, environ: Mapping[str, str]) -> str:
    """Its keys, its two databases in files of their own, its register and grant; yields what ours is given."""
    for service in installation.SERVICES:
        path = Path(environ[url_file(service)])
        write_secret(path, f"sqlite:///{path.with_name(service)}.sqlite3".encode())
    settings = established(environ)
    beside = neighbour.furnish(place / "register", settings, world.build()["homes_elsewhere"], SystemEntropy())
    given = {"issuer": beside.issuer, "exchange": beside.exchange, "log_key": beside.log_key}
    return json.dumps(given | {"private": dict(beside.private)})


# --- prepare ----------------------------------------------------------------------------------------------------------


def prepare(place: Path, environ: Mapping[str, str]) -> int:
    """Make everything the services and departments start from."""
    return once("prepare", place, place / "story" / "people.json", environ, establish)


def establish(place: Path, environ: Mapping[str, str]) -> str:
    """Databases, keys, people, clients, catalogue; yields who can sign in."""
    create_accounts((place / "database" / "password").read_text(encoding="utf-8"), environ)
    beside = Neighbour(**json.loads((place / AGREEMENT).read_text(encoding="utf-8")))
    people = furnish(place, established(environ), beside)
    return json.dumps([asdict(account) for account in people], ensure_ascii=False)


def once(
    step: str,
    place: Path,
    result: Path,
    environ: Mapping[str, str],
    make: Callable[[Path, Mapping[str, str]], str],
) -> int:
    """Make an installation, whose last written file is ``result``; a second time, only bring its databases up to date.

    1 where it was begun and not finished: what is there belongs to nothing.
    """
    if result.exists():
        installation.upgrade(load(None, environ))
        print(f"{step}: 已经备好 / everything is there already", flush=True)
        return 0
    if list((place / "idp").iterdir()):
        print(
            f"{step}: 上次没有做完，请清空重来 / it did not finish the last time, begin again: {BEGIN_AGAIN}",
            flush=True,
        )
        return 1
    write_secret(result, make(place, environ).encode())
    print(f"{step}: 数据库、密钥、客户端与目录已备好 / databases, keys, clients and catalogue are there", flush=True)
    return 0


def established(environ: Mapping[str, str]) -> Settings:
    """The settings of an installation whose keys, tables and own clients are there from now on."""
    settings = load(None, environ)
    installation.make_keys(settings)
    installation.upgrade(settings)
    installation.register_own_clients(settings)
    return settings


def url_file(service: str) -> str:
    """The setting that says in which file a service's database address is kept."""
    return f"TONGBAN_{service.upper()}__DATABASE_URL_FILE"


def create_accounts(password: str, environ: Mapping[str, str]) -> None:
    """A database account for each service: neither can read the other's schema. Host and name come from libpq's PG*."""
    with psycopg.connect(password=password, dbname=DATABASE, autocommit=True) as connection:
        connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        for service in installation.SERVICES:
            own = token(SystemEntropy())
            create_account(connection, f"tongban_{service}", own)
            url = f"postgresql+psycopg://tongban_{service}:{own}@{connection.info.host}/{DATABASE}"
            write_secret(Path(environ[url_file(service)]), url.encode())


def create_account(connection: psycopg.Connection[tuple[object, ...]], name: str, password: str) -> None:
    """A role that can sign in, and the schema that is its own and its only one."""
    role = sql.Identifier(name)
    connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(password)))
    connection.execute(sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(role, role))
    connection.execute(sql.SQL("ALTER ROLE {} SET search_path = {}").format(role, role))


def furnish(place: Path, settings: Settings, beside: Neighbour) -> tuple[Account, ...]:
    """The sample world, what departments and exchange hand each other, the registrations; yields who can sign in."""
    entropy = SystemEntropy()
    made = world.build()
    (place / "world" / "world.json").write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
    people = tuple(accounts(made["people"], entropy))
    reached = origins(settings)
    share_keys(place, reached, settings, entropy)
    write_secret(place / "secrets" / "neighbour-key", json.dumps(beside.private).encode())
    with working_folder(place) as folder:
        manifests = write_manifests(folder, reached, settings, beside)
        scene = Scene(folder, 0, settings, people, manifests, reached, beside)
        register(replace(scene, keys=hand_over(scene, entropy)))
    return people


@contextmanager
def working_folder(place: Path) -> Iterator[Path]:
    """A folder for what lives no longer than this step, with the departments' folders and the sample world in it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "departments").symlink_to(place / "departments")
        (Path(folder) / "world.json").symlink_to(place / "world" / "world.json")
        yield Path(folder)


# --- story ------------------------------------------------------------------------------------------------------------


def story(place: Path, environ: Mapping[str, str]) -> int:
    """Play the story that STORY names, or all that were not played yet; 0 when every step came out as told.

    Before the first one the grants are approved. Each is played once: afterwards the person holds what they asked for.
    """
    wanted, record = environ.get("STORY", FIRST), place / "story" / "played"
    if wanted not in {*STORIES, EVERY}:
        print(f"story: STORY={'|'.join([*STORIES, EVERY])}", flush=True)
        return 2
    before = record.read_text(encoding="utf-8").split() if record.exists() else []
    chosen = [name for name in STORIES if wanted in {name, EVERY} and name not in before]
    if not chosen:
        print(f"story: 已经演过，清空可重演 / played already, to see it again: {BEGIN_AGAIN}", flush=True)
        return 1
    narrator = Narrator(Console(highlight=False), machine=False)
    settings = load(None, environ)
    people = known_people(place)
    with working_folder(place) as folder:
        stage = stage_of(narrator, settings, people, folder, place / "departments")
        record.write_text("\n".join([*before, *chosen]), encoding="utf-8")
        if before:
            time.sleep(until_new_codes(time.time()))
        opening = officers_in if before else approvals
        for part in (partial(opening, narrator, stage, people), *(partial(STORIES[name], stage) for name in chosen)):
            with suppress(StoryFailed):  # the step that failed has been told; the next story may still be seen
                part()
    show(narrator, addresses(settings, origins(settings)), sign_ins(people), typed(EVERY))
    return 0 if narrator.ok else 1


def until_new_codes(now: float) -> float:
    """Seconds from ``now`` (since the epoch) until one-time codes change (RFC 6238 §4.1, steps of thirty seconds).

    Officers sign in for each run of the stories, and a code that let them in for the last one is not accepted again.
    """
    return 30 - now % 30


def known_people(place: Path) -> tuple[Account, ...]:
    """The accounts that ``prepare`` made."""
    entries = json.loads((place / "story" / "people.json").read_text(encoding="utf-8"))
    return tuple(
        Account(**(entry | {"credentials": Credentials(**entry["credentials"]), "roles": tuple(entry["roles"])}))
        for entry in entries
    )


def stage_of(
    narrator: Narrator, settings: Settings, people: Sequence[Account], folder: Path, departments: Path
) -> Stage:
    """What the story sees. A department is put out of service by the file its system looks for."""
    key = requests.get(f"{settings.exchange.origin}/v1/ledger/key", timeout=10, verify=authorities())
    return Stage(
        narrator=narrator,
        folder=folder,
        issuer=settings.idp.issuer,
        exchange=settings.exchange.origin,
        sites={site.name: sibling(settings.idp.issuer, site.name) for site in WEBSITES},
        people={account.key: account.credentials for account in people},
        log_key=key.text.strip(),
        neighbour=sibling(settings.idp.issuer, NEIGHBOUR_EXCHANGE),
        stop_department=lambda name: (departments / name / OUT_OF_SERVICE).touch(),
        start_department=lambda name: (departments / name / OUT_OF_SERVICE).unlink(),
    )


STEPS: Mapping[str, Callable[[Path, Mapping[str, str]], int]] = {
    "secrets": secrets,
    "neighbour": neighbouring,
    "prepare": prepare,
    "story": story,
}


def main() -> None:
    """Run the step named on the command line; 2 for any other word."""
    step = STEPS.get(sys.argv[1]) if len(sys.argv) == 2 else None
    if step is None:
        sys.stderr.write(f"python -m tongban.demo.containers {'|'.join(STEPS)}\n")
        sys.exit(2)
    sys.exit(step(INSTALLATION, os.environ))


if __name__ == "__main__":
    main()
