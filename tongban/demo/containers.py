"""The demonstration in containers: the one-shot steps that ``docker/compose.yaml`` runs beside the services.

    python -m tongban.demo.containers secrets    the database's password, a private authority, the proxy's certificate
    python -m tongban.demo.containers prepare    databases, keys, people, clients, catalogue, what departments are given
    python -m tongban.demo.containers story      approvals and the restaurant story, over TLS as anybody else would

Each container mounts only its own part of ``/installation``; these steps are where the parts are made. Settings come
from the environment, as the services' own do. The departments' names are neighbours of the issuer's:
``https://idp.tongban.test:8443`` makes ``https://market.tongban.test:8443``.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
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
from tongban.demo import world
from tongban.demo.certificates import Authority, pem
from tongban.demo.departments.process import OUT_OF_SERVICE
from tongban.demo.narration import Narrator, StoryFailed
from tongban.demo.people import Account, accounts
from tongban.demo.runner import addresses, approvals, show, sign_ins
from tongban.demo.setting_up import REGISTERS, WEBSITES, Scene, hand_over, register, share_keys, write_manifests
from tongban.demo.stories import restaurant
from tongban.demo.stories.people import Credentials
from tongban.demo.stories.stage import Stage

INSTALLATION = Path("/installation")
DATABASE = "tongban"
BEGIN_AGAIN = "docker compose -f docker/compose.yaml down --volumes"


def neighbour(issuer: str, name: str) -> str:
    """The origin of a department beside the issuer: the same address with another first label."""
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{name}.{parts.netloc.partition('.')[2]}"


def origins(settings: Settings) -> dict[str, str]:
    """Where each department is reached through the proxy."""
    return {one.name: neighbour(settings.idp.issuer, one.name) for one in (*REGISTERS, *WEBSITES)}


def host_names(settings: Settings) -> list[str]:
    """Every name the proxy answers to."""
    everything = (settings.idp.issuer, settings.exchange.origin, *origins(settings).values())
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


# --- prepare ----------------------------------------------------------------------------------------------------------


def prepare(place: Path, environ: Mapping[str, str]) -> int:
    """Make everything the services and departments start from; a second time, only bring the databases up to date."""
    people_file = place / "story" / "people.json"
    if people_file.exists():
        installation.upgrade(load(None, environ))
        print("prepare: 已经备好 / everything is there already", flush=True)
        return 0
    if list((place / "idp").iterdir()):
        print(
            f"prepare: 上次没有做完，请清空重来 / it did not finish the last time, begin again: {BEGIN_AGAIN}",
            flush=True,
        )
        return 1
    password = (place / "database" / "password").read_text(encoding="utf-8")
    create_accounts(password, environ)
    settings = load(None, environ)
    installation.make_keys(settings)
    installation.upgrade(settings)
    installation.register_own_clients(settings)
    people = furnish(place, settings)
    write_secret(people_file, json.dumps([asdict(account) for account in people], ensure_ascii=False).encode())
    print("prepare: 数据库、密钥、人员、客户端与目录已备好 / databases, keys, people, clients, catalogue", flush=True)
    return 0


def create_accounts(password: str, environ: Mapping[str, str]) -> None:
    """A database account for each service: neither can read the other's schema. Host and name come from libpq's PG*."""
    with psycopg.connect(password=password, dbname=DATABASE, autocommit=True) as connection:
        connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        for service in installation.SERVICES:
            own = token(SystemEntropy())
            create_account(connection, f"tongban_{service}", own)
            url = f"postgresql+psycopg://tongban_{service}:{own}@{connection.info.host}/{DATABASE}"
            write_secret(Path(environ[f"TONGBAN_{service.upper()}__DATABASE_URL_FILE"]), url.encode())


def create_account(connection: psycopg.Connection[tuple[object, ...]], name: str, password: str) -> None:
    """A role that can sign in, and the schema that is its own and its only one."""
    role = sql.Identifier(name)
    connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(password)))
    connection.execute(sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(role, role))
    connection.execute(sql.SQL("ALTER ROLE {} SET search_path = {}").format(role, role))


def furnish(place: Path, settings: Settings) -> tuple[Account, ...]:
    """The sample world, what departments and exchange hand each other, the registrations; yields who can sign in."""
    entropy = SystemEntropy()
    made = world.build()
    (place / "world" / "world.json").write_text(json.dumps(made, ensure_ascii=False), encoding="utf-8")
    people = tuple(accounts(made["people"], entropy))
    reached = origins(settings)
    share_keys(place, reached, settings, entropy)
    with working_folder(place) as folder:
        manifests = write_manifests(folder, reached, settings)
        scene = Scene(folder, 0, settings, people, manifests, reached)
        register(replace(scene, keys=hand_over(scene, entropy)))
    return people


@contextmanager
def working_folder(place: Path) -> Iterator[Path]:
    """A folder for what lives no longer than this step, with the departments' folders in it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "departments").symlink_to(place / "departments")
        yield Path(folder)


# --- story ------------------------------------------------------------------------------------------------------------


def story(place: Path, environ: Mapping[str, str]) -> int:
    """Approve the grants, then open the restaurant; 0 when every step came out as told.

    It is played once: afterwards the grants are in force and the person holds a licence.
    """
    played = place / "story" / "played"
    if played.exists():
        print(f"story: 已经演过，清空可重演 / played already, to see it again: {BEGIN_AGAIN}", flush=True)
        return 1
    narrator = Narrator(Console(highlight=False), machine=False)
    settings = load(None, environ)
    people = known_people(place)
    with working_folder(place) as folder, suppress(StoryFailed):
        stage = stage_of(narrator, settings, people, folder, place / "departments")
        played.touch()
        approvals(narrator, stage, people)
        restaurant.play(stage)
    show(narrator, addresses(settings, origins(settings)), sign_ins(people))
    return 0 if narrator.ok else 1


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
        sites={site.name: neighbour(settings.idp.issuer, site.name) for site in WEBSITES},
        people={account.key: account.credentials for account in people},
        log_key=key.text.strip(),
        stop_department=lambda name: (departments / name / OUT_OF_SERVICE).touch(),
        start_department=lambda name: (departments / name / OUT_OF_SERVICE).unlink(),
    )


STEPS: Mapping[str, Callable[[Path, Mapping[str, str]], int]] = {
    "secrets": secrets,
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
