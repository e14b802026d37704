"""The kit's files: by exact name, with validators, and without anything that is licensed for gov.uk alone."""

from __future__ import annotations

import io
import re
import tarfile

import pytest
from werkzeug.test import Client

from kernel.web import assets
from kernel.web.static_files import STATIC, StaticFiles

from .conftest import make_app


@pytest.fixture
def client():
    return Client(make_app())


def test_a_file_is_served_with_its_type_and_validator(client):
    answer = client.get("/static/kit/tongban/tongban.css")
    assert answer.content_type == "text/css; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    again = client.get("/static/kit/tongban/tongban.css", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_an_address_with_the_digest_is_kept_forever(client):
    address = StaticFiles(STATIC).url("tongban/kit.js")
    assert client.get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "path", ["nothing.css", "../pages.py", "%2e%2e/pages.py", "tongban", "", "/etc/passwd", "swagger-ui/LICENSE"]
)
def test_K4_nothing_but_listed_files_is_served(client, path):
    assert client.get(f"/static/kit/{path}").status_code == 404


def test_an_asset_that_is_not_there_is_an_error_of_the_template():
    with pytest.raises(KeyError):
        StaticFiles(STATIC).url("nothing.css")


def test_vendored_styles_hold_no_typeface_emblem_or_outside_address():
    for path in STATIC.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"GDS Transport|Calvert|crest|__crown|logotype|@font-face|@import|sourceMappingURL", text
        ), path
        assert not re.search(r"url\(\s*[\"']?(?!data:|[\"']data:)", text), path


def test_vendored_files_have_their_licences_beside_them():
    for folder in ("govuk-frontend/LICENSE.txt", "swagger-ui/LICENSE", "swagger-ui/NOTICE"):
        assert (STATIC / folder).is_file()


def test_the_stylesheet_loses_what_is_gov_uk_s_and_keeps_the_rest():
    css = (
        ":root{--a:1}/*! Copyright (c) 2011 by Margaret Calvert & Henrik Kubel. */"
        "@font-face{font-family:GDS Transport;src:url(x)}"
        ".govuk-link{font-family:GDS Transport,arial,sans-serif}.govuk-footer__crown{margin:0}"
        "@supports ((mask-position:initial)){"
        ".govuk-footer__copyright-logo:before{mask-image:url(/assets/images/govuk-crest.svg)}}"
        "@media print{.govuk-link{color:red}}"
    )
    kept = ":root{--a:1}.govuk-link{font-family:var(--tongban-font-family)}@media print{.govuk-link{color:red}}"
    assert assets.without_marks(css) == kept


def package(folder, name, files):
    path = folder / name
    with tarfile.open(path, "w:gz") as archive:
        for place, text in files.items():
            entry = tarfile.TarInfo(f"package/{place}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
    return path


@pytest.fixture
def published(tmp_path, monkeypatch):
    """A small package of the expected shape, and its integrity accepted."""
    files = dict.fromkeys(
        assets._FILES["govuk-frontend"], b"a{font-family:GDS Transport,arial,sans-serif}\n/*# sourceMappingURL=x.map */"
    )
    path = package(tmp_path, "govuk-frontend-9.9.9.tgz", files)
    monkeypatch.setitem(assets.INTEGRITY, "govuk-frontend", assets.integrity(path.read_bytes()))
    return path


def test_vendoring_writes_what_we_serve(published, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(assets, "STATIC", tmp_path / "static")
    assets.main([str(published)])
    written = (tmp_path / "static/govuk-frontend/govuk-frontend.css").read_text()
    assert written.strip() == "a{font-family:var(--tongban-font-family)}"
    assert "govuk-frontend/govuk-frontend.js" in capsys.readouterr().out


def test_vendoring_refuses_other_bytes(tmp_path):
    path = package(tmp_path, "govuk-frontend-6.3.0.tgz", {"dist/x": b""})
    with pytest.raises(ValueError, match="not the package"):
        assets.vendor(path, tmp_path)


def test_vendoring_refuses_what_is_not_a_file(tmp_path, monkeypatch):
    path = tmp_path / "govuk-frontend-9.9.9.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for place in assets._FILES["govuk-frontend"]:
            entry = tarfile.TarInfo(f"package/{place}")
            entry.type = tarfile.DIRTYPE
            archive.addfile(entry)
    monkeypatch.setitem(assets.INTEGRITY, "govuk-frontend", assets.integrity(path.read_bytes()))
    with pytest.raises(ValueError, match="not a file"):
        assets.vendor(path, tmp_path)
