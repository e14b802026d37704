"""Guard rails of the containers: recipe, composition and proxy agree, and none of them opens more than it must."""

import ast
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from importlib.metadata import packages_distributions
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
import yaml
from packaging.utils import canonicalize_name

from kernel.settings import load
from tongban.demo import containers
from tongban.demo.setting_up import REGISTERS, WEBSITES

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker" / "compose.yaml").read_text(encoding="utf-8")
COMPOSITION = yaml.safe_load(TEXT)
SERVICES = COMPOSITION["services"]
STAGES = {
    lines.split(maxsplit=1)[0]: lines
    for lines in re.split(
        r"^FROM \S+ AS ", (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8"), flags=re.MULTILINE
    )[1:]
}
RECIPES = {name: text for name, text in STAGES.items() if name != "base" and not name.startswith("packages")}
PROXY = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docker" / "proxy").iterdir()))
DEPARTMENTS = {one.name for one in (*REGISTERS, *WEBSITES)}
OURS, NEIGHBOURS = ("idp", "exchange"), ("neighbour-idp", "neighbour-exchange")


def targets(name):
    return SERVICES[name]["build"]["target"]


def test_nothing_is_said_twice():
    """Compose refuses a mapping with the same key twice; the reader here and the published schema take the last."""
    unread = [yaml.compose(TEXT, yaml.SafeLoader)]
    while unread:
        node = unread.pop()
        if isinstance(node, yaml.SequenceNode):
            unread.extend(node.value)
        elif isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _value in node.value]
            assert len(keys) == len(set(keys)), node.start_mark
            unread.extend(value for _key, value in node.value)


def test_every_image_is_used_and_every_image_used_is_made():
    built = {name: service for name, service in SERVICES.items() if "build" in service}
    assert {targets(name) for name in built} == set(RECIPES)
    assert all(service["image"] == f"tongban/{targets(name)}" for name, service in built.items())
    assert {name for name in SERVICES if name not in built} == {"postgres"}


def test_every_department_of_the_demonstration_is_there():
    assert set(SERVICES) - {"postgres", "proxy", *OURS, *NEIGHBOURS, *containers.STEPS} == DEPARTMENTS


@pytest.mark.parametrize("name", RECIPES)
def test_no_image_runs_as_root(name):
    users = re.findall(r"^USER (\S+)$", RECIPES[name], re.MULTILINE)
    assert users == ["10001:10001"]
    after = RECIPES[name].partition("\nUSER ")[2]
    assert re.findall(r"^(?:RUN|COPY|ADD) ", after, re.MULTILINE) == []


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_says_whether_it_is_well_or_ends_by_itself(name):
    service = SERVICES[name]
    if service["restart"] == "no":
        assert service["command"][-1] in containers.STEPS
        # `up --wait` takes the end of a step for a failure unless somebody waits for that end.
        waited_for = {
            step
            for other in SERVICES.values()
            for step, how in other.get("depends_on", {}).items()
            if how["condition"] == "service_completed_successfully"
        }
        assert name in waited_for or "profiles" in service
    else:
        assert "healthcheck" in service or "HEALTHCHECK --interval" in RECIPES[targets(name)]


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_closed_as_far_as_it_can_be(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service.get("user", "postgres") == "postgres"
    assert not {"privileged", "cap_add", "pid", "ipc", "devices"} & set(service)
    assert all("noexec" in mount for mount in service["tmpfs"])


def test_only_the_proxy_is_reached_from_outside_and_only_from_this_machine():
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "proxy": ["127.0.0.1:8443:8443"]
    }
    assert "postgres" not in [name for name, service in SERVICES.items() if "edge" in service.get("networks", [])]
    assert COMPOSITION["networks"]["database"]["internal"] is True


def test_only_the_proxy_is_believed_about_callers():
    address = SERVICES["proxy"]["networks"]["edge"]["ipv4_address"]
    for name in (*OURS, *NEIGHBOURS):
        assert SERVICES[name]["environment"][f"TONGBAN_{targets(name).upper()}__TRUSTED_PROXIES"] == address


def test_whoever_restarts_is_met_at_the_same_address():
    """nginx looks names up once: at another address a service would stay away, or be taken for its neighbour."""
    network = COMPOSITION["networks"]["edge"]["ipam"]["config"][0]
    inside, given_out = ip_network(network["subnet"]), ip_network(network["ip_range"])
    behind = dict(re.findall(r"upstream ([\w-]+) +\{ server ([\w-]+):", PROXY))
    fixed = [ip_address(SERVICES[name]["networks"]["edge"]["ipv4_address"]) for name in ("proxy", *behind.values())]
    assert len(fixed) == len(set(fixed)) == len(OURS) + len(NEIGHBOURS) + len(DEPARTMENTS - {"civil", "health"}) + 1
    assert all(address in inside and address not in given_out for address in fixed)


def test_no_secret_stands_in_the_composition_or_in_a_recipe():
    secret = re.compile(r"password|secret|token|(?<!pass)key|database_url", re.IGNORECASE)
    for name, service in SERVICES.items():
        values = {key: value for key, value in (service.get("environment") or {}).items() if secret.search(key)}
        assert all(value.startswith("/installation/") for value in values.values()), name
    assert not re.search(r"(?:ARG|ENV) \S*(?:PASSWORD|SECRET|TOKEN)", "\n".join(STAGES.values()))


@pytest.mark.parametrize("name", [*OURS, *NEIGHBOURS])
def test_whatever_a_service_writes_lies_in_a_volume(name):
    """The root file system is read-only: a setting left at its default would point into it."""
    environment = {key: value for key, value in SERVICES[name]["environment"].items() if not key.endswith("_URL_FILE")}
    service = getattr(load(None, environment), targets(name))
    paths = [value for each in fields(service) if isinstance(value := getattr(service, each.name), Path)]
    assert len(paths) > 1
    assert [path for path in paths if not path.is_relative_to("/installation")] == []


def test_every_file_comes_from_a_named_volume():
    mounted = {volume.split(":")[0] for service in SERVICES.values() for volume in service["volumes"]}
    assert mounted == set(COMPOSITION["volumes"])


def test_a_service_sees_its_own_secrets_and_nobody_elses():
    holders = {
        "authority": {"secrets"},
        "proxy": {"secrets", "proxy"},
        "database": {"secrets", "prepare", "postgres"},
        "idp": {"prepare", "idp"},
        "exchange": {"prepare", "exchange"},
        "source-secrets": {"prepare", "exchange"},
        "neighbour-idp": {"neighbour", "neighbour-idp"},
        "neighbour-exchange": {"neighbour", "neighbour-exchange"},
        "agreement": {"neighbour", "prepare"},
    }
    for volume, allowed in holders.items():
        mounting = {
            name
            for name, service in SERVICES.items()
            if volume in {mount.split(":")[0] for mount in service["volumes"]}
        }
        assert mounting == allowed, volume


def test_the_other_province_is_met_on_the_wire_alone():
    """What both hold is public (whom to trust), or handed over once, before anybody runs."""
    held = {name: {mount.split(":")[0] for mount in service["volumes"]} for name, service in SERVICES.items()}
    theirs = {"neighbour", *NEIGHBOURS}
    shared = set.union(*(held[name] for name in theirs)) & set.union(*(held[name] for name in set(SERVICES) - theirs))
    assert shared == {"trust", "agreement"}
    assert SERVICES["neighbour"]["network_mode"] == "none"
    assert all(set(SERVICES[name]["networks"]) == {"edge"} for name in NEIGHBOURS)
    for name in NEIGHBOURS:
        settings = load(None, {key: at for key, at in SERVICES[name]["environment"].items() if "_FILE" not in key})
        reached = (settings.idp.issuer, settings.exchange.origin)
        beside = SERVICES["idp"]["environment"]["TONGBAN_IDP__ISSUER"]
        assert reached == tuple(containers.sibling(beside, each) for each in NEIGHBOURS)


def test_the_story_waits_for_everybody_it_may_need():
    waited_for = SERVICES["story"]["depends_on"]
    assert {how["condition"] for how in waited_for.values()} == {"service_healthy"}
    assert set(waited_for) == {"proxy", *OURS, *NEIGHBOURS, *DEPARTMENTS}
    looked_into = {mount.split(":")[1].rpartition("/")[2] for mount in SERVICES["story"]["volumes"]}
    assert looked_into >= {site.name for site in WEBSITES}


def test_the_proxy_answers_to_the_names_of_the_composition():
    public = set(SERVICES["proxy"]["networks"]["edge"]["aliases"])
    settings = load(None, SERVICES["secrets"]["environment"])
    assert set(re.findall(r"^ +(\S+\.tongban\.test) +[\w-]+;$", PROXY, re.MULTILINE)) == public
    assert set(re.search(r"server_name ([^;]+);", PROXY).group(1).split()) == public
    assert public <= set(containers.host_names(settings))
    behind = dict(re.findall(r"upstream ([\w-]+) +\{ server (\S+);", PROXY))
    assert set(behind) == {name.partition(".")[0] for name in public}
    for name, address in behind.items():
        assert f"EXPOSE {address.partition(':')[2]}" in RECIPES[targets(name)]


def test_the_tools_hold_the_programs_that_keep_a_database_and_of_its_servers_release():
    """A pg_restore of a later release sets what an earlier server does not know, and so restores nothing."""
    assert "postgresql-client" in RECIPES["tools"].partition("\nUSER ")[0]
    debian = SERVICES["postgres"]["image"].rpartition("-")[2]
    assert SERVICES["postgres"]["image"] == "postgres:15-bookworm"  # the release that Debian 12 brings
    recipe = (ROOT / "docker" / "Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^ARG BASE=python:\S+$", recipe, re.MULTILINE)[0].endswith(f"-slim-{debian}")


def imported(module):
    """Names of the modules directly under ``tongban`` that a module of it imports."""
    for node in ast.walk(ast.parse((ROOT / "tongban" / f"{module}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "tongban":
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tongban."):
            yield node.module.split(".")[1]


@pytest.mark.parametrize("name", ["idp", "exchange"])
def test_the_images_hold_every_module_a_service_starts_with(name):
    needed, unread = set(), ["running", "serving"]
    while unread:
        module = unread.pop()
        needed.add(module)
        unread.extend(set(imported(module)) - needed)
    assert set(re.findall(r"tongban/(\w+)\.py", RECIPES[name])) == needed | {"__init__"}


def third_party(*places):
    """Distributions of the modules that Python files import and that are neither ours nor Python's."""
    files = [file for place in places for file in (place.rglob("*.py") if place.is_dir() else [place])]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
    modules = {each.name for node in nodes if isinstance(node, ast.Import) for each in node.names}
    modules |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    known = packages_distributions()
    tops = {module.partition(".")[0] for module in modules}
    return {canonicalize_name(one) for top in tops - {"tongban"} for one in known.get(top, ())}


def named(file):
    """Names in a file of requirements, pinned or not, without their extras."""
    lines = (ROOT / "requirements" / file).read_text(encoding="utf-8").splitlines()
    return {re.match(r"[\w.-]+", line)[0] for line in lines if re.match(r"\w", line)}


def test_an_image_of_one_service_installs_what_that_service_imports():
    """Whatever else runs in the exchange stays out of the others: nobody can attack what is not there."""
    starting = [ROOT / "tongban" / f"{module}.py" for module in ("running", "preflight", "serving")]
    imported_here = {
        "idp": third_party(ROOT / "kernel", ROOT / "idp", *starting),
        "departments": third_party(ROOT / "tongban" / "demo" / "departments"),
    }
    by_name = {"idp": {"govuk-frontend-jinja"}, "departments": set()}  # its templates are found by its loader
    for image, wanted in imported_here.items():
        assert f"COPY --from=packages-{image} /opt/venv /opt/venv" in RECIPES[image]
        brought = named(f"{image}.in")
        assert brought <= wanted | by_name[image], image
        assert wanted | by_name[image] <= named(f"{image}.txt"), image


@pytest.mark.parametrize("image", ["idp", "departments"])
def test_every_image_holds_the_same_release_of_a_package(image):
    pinned, everywhere = (
        {line.split()[0] for line in (ROOT / "requirements" / file).read_text().splitlines() if "==" in line}
        for file in (f"{image}.txt", "runtime.txt")
    )
    assert pinned
    assert pinned <= everywhere


def test_the_images_carry_no_other_services_code():
    copied = {name: set(re.findall(r"^COPY (\w+) ", text, re.MULTILINE)) for name, text in RECIPES.items()}
    assert copied["idp"] == {"kernel", "idp"}
    assert copied["exchange"] == {"kernel", "policies", "connectors", "exchange"}
    assert copied["departments"] == set()


def test_the_departments_image_holds_all_that_departments_import(tmp_path):
    """Copied as the recipe copies, and begun where nothing else of ours is."""
    for source, target in re.findall(r"^COPY (\S+) (\S+)$", RECIPES["departments"], re.MULTILINE):
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / source, tmp_path / target)
    wanted = ", ".join(f"tongban.demo.departments.{name}" for name in sorted(DEPARTMENTS))
    alone = {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", f"import {wanted}"], cwd=tmp_path, env=alone, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr.decode()[-600:]
