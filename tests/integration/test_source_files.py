"""Which files of a source count and which a real builder gets: one decision."""

import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from envdplan.clients.buildkit.client import BuildKit
from envdplan.clients.buildkit.session.filesync import file_sync
from envdplan.clients.buildkit.wire.dial import Dialer
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.values import Attributes, Value
from envdplan.resources.builds.frontends import dockerfile
from envdplan.resources.builds.frontends.base import Extras
from envdplan.resources.builds.sources import Sources
from tests.integration.test_buildkit_client import buildkitd, engine

ALL = "FROM scratch\nCOPY . /\n"
NOTHING = Extras(labels={}, names=(), push=False)


@pytest.fixture(
    params=[
        pytest.param("unix", marks=pytest.mark.buildkit),
        pytest.param("graphdriver-hijack", marks=pytest.mark.docker),
    ]
)
def dialer(request: pytest.FixtureRequest, services: Mapping[str, object]) -> Dialer:
    name = str(request.param)
    return engine(services, name) if "-" in name else buildkitd(services, name)


def filled(folder: Path, files: Mapping[str, str]) -> Path:
    """A folder with `files`; a content that begins with -> is a link."""
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if content.startswith("->"):
            place.symlink_to(content.removeprefix("->"))
        else:
            place.write_text(content)
    return folder


def planned(attributes: Attributes) -> set[str]:
    """The files that count, by their paths."""
    found = Sources({}, {}).inputs(dockerfile.source(attributes)).files
    names = {one.name for one in found if one.kind in ("file", "link")}
    left_out = {one.name for one in found if one.kind == "left-out"}
    definitions = {one.name for one in found if one.kind == "dockerfile"}
    inside = {one for one in definitions if (Path(str(attributes["path"])) / one).exists()}
    return names | inside - left_out


def built(dialer: Dialer, attributes: Attributes, out: Path) -> set[str]:
    """The files that `COPY . /` made of it."""
    outputs: tuple[Value, ...] = ({"type": "local", "dest": str(out)},)
    request = dockerfile.request({**attributes, "output": outputs}, NOTHING)
    with BuildKit(dialer) as buildkit:
        buildkit.solve(request, file_sync(request.directories), lambda _: None, threading.Event())
    return set(below(out))


def below(folder: Path) -> Iterable[str]:
    for where, folders, files in os.walk(folder):
        links = [one for one in folders if Path(where, one).is_symlink()]
        yield from (str(Path(where, one).relative_to(folder)) for one in (*files, *links))


FILES = {"Dockerfile": ALL, "a.txt": "a", "b.md": "b", "sub/c.txt": "c"}
INLINE = {"dockerfile_inline": ALL}
CASES: dict[str, tuple[dict[str, str], dict[str, str], set[str]]] = {
    "none": ({}, {}, {"Dockerfile", "a.txt", "b.md", "sub/c.txt"}),
    "usual": (
        {".dockerignore": "*.txt\n"},
        {},
        {".dockerignore", "Dockerfile", "b.md", "sub/c.txt"},
    ),
    "beside the Dockerfile": (
        {".dockerignore": "*.txt\n", "Dockerfile.dockerignore": "**/*.txt\n.dockerignore\n"},
        {},
        {"Dockerfile.dockerignore", "Dockerfile", "b.md"},
    ),
    "empty beside the Dockerfile": (
        {".dockerignore": "*\n", "Dockerfile.dockerignore": ""},
        {},
        {".dockerignore", "Dockerfile.dockerignore", "Dockerfile", "a.txt", "b.md", "sub/c.txt"},
    ),
    "inline": (
        {".dockerignore": "*.md\nDock*\n", "Dockerfile.dockerignore": "**\n"},
        INLINE,
        {".dockerignore", "a.txt", "sub/c.txt"},
    ),
    "inline, without one": (
        {"Dockerfile.dockerignore": "*.md\n"},
        INLINE,
        {"Dockerfile.dockerignore", "Dockerfile", "a.txt", "b.md", "sub/c.txt"},
    ),
    "named": (
        {".dockerignore": "*\n", "../given": "a*\n.dockerignore\n"},
        {"ignore_file": "../given"},
        {"Dockerfile", "b.md", "sub/c.txt"},
    ),
    "named, inline": (
        {".dockerignore": "*\n", "../given": "a*\n.dockerignore\nDockerfile\n"},
        {"ignore_file": "../given", **INLINE},
        {"b.md", "sub/c.txt"},
    ),
    "a link out of the source": (
        {".dockerignore": "->../given", "../given": "*.txt\n"},
        {},
        {".dockerignore", "Dockerfile", "a.txt", "b.md", "sub/c.txt"},
    ),
    "a link inside of the source": (
        {".dockerignore": "->sub/../conf/ignored", "conf/ignored": "*.txt\nconf\n.dockerignore\n"},
        {},
        {"Dockerfile", "b.md", "sub/c.txt"},
    ),
    "a link from the root of the source": (
        {".dockerignore": "->/sub/ignored", "sub/ignored": "*.txt\n.dockerignore\n"},
        {},
        {"Dockerfile", "b.md", "sub/c.txt", "sub/ignored"},
    ),
    "itself and the Dockerfile": (
        {".dockerignore": "Dockerfile\n.dockerignore\n"},
        {},
        {"a.txt", "b.md", "sub/c.txt"},
    ),
    "all but an exception": (
        {".dockerignore": "*\n!sub/c.txt\n"},
        {},
        {"sub/c.txt"},
    ),
    "carriage returns": (
        {".dockerignore": "a.txt\r\nb.md\r\n"},
        {},
        {".dockerignore", "Dockerfile", "sub/c.txt"},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_files_that_count_are_those_that_a_builder_copies(
    dialer: Dialer, tmp_path: Path, case: str
) -> None:
    files, attributes, expected = CASES[case]
    app = filled(tmp_path / "app", {**FILES, **files})
    given = dict(attributes)
    if "ignore_file" in given:
        given["ignore_file"] = str(tmp_path / "given")
    whole: Attributes = {"path": str(app), **given}
    assert planned(whole) == expected
    assert built(dialer, whole, tmp_path / "out") == expected


@pytest.mark.buildkit
@pytest.mark.parametrize("case", [name for name, (_, given, _) in CASES.items() if not given])
def test_named_contexts_are_decided_by_their_own_ignore_file_alone(
    services: Mapping[str, object], tmp_path: Path, case: str
) -> None:
    assets = filled(tmp_path / "assets", {**FILES, **CASES[case][0]})
    (tmp_path / "app").mkdir()
    whole: Attributes = {
        "path": str(tmp_path / "app"),
        "dockerfile_inline": "FROM scratch\nCOPY --from=assets . /\n",
        "contexts": {"assets": str(assets)},
    }
    found = Sources({}, {}).inputs(dockerfile.source(whole)).files
    kinds = ("context-file", "context-link")
    counted = {one.name.removeprefix("assets:") for one in found if one.kind in kinds}
    assert built(buildkitd(services, "unix"), whole, tmp_path / "out") == counted


def test_a_dockerfile_that_leads_out_of_its_folder_is_told_before_the_builder_is_asked(
    tmp_path: Path,
) -> None:
    app = filled(tmp_path / "app", {"Dockerfile": "->../other", "../other": ALL, "x": "x"})
    with pytest.raises(EnvdplanError, match="a link that leads out of its folder"):
        planned({"path": str(app)})


def test_a_dockerfile_may_be_a_link_inside_of_its_folder(dialer: Dialer, tmp_path: Path) -> None:
    app = filled(tmp_path / "app", {"Dockerfile": "->docker/main", "docker/main": ALL})
    out = built(dialer, {"path": str(app)}, tmp_path / "out")
    assert out == planned({"path": str(app)}) == {"Dockerfile", "docker/main"}


LOWER = {"dockerfile": ALL, "a": "a", "b": "b", "c": "c"}
IGNORES = {
    "dockerfile.dockerignore": "a\n",
    "Dockerfile.dockerignore": "b\n",
    ".dockerignore": "c\n",
}


@pytest.mark.parametrize(
    ("files", "attributes", "left_out"),
    [
        pytest.param({**LOWER, **IGNORES}, {}, "a", id="its own ignore file"),
        pytest.param(
            {**LOWER, **{n: IGNORES[n] for n in ("Dockerfile.dockerignore", ".dockerignore")}},
            {},
            "c",
            id="not that of a Dockerfile",
        ),
        pytest.param({**LOWER, "Dockerfile": ALL, **IGNORES}, {}, "b", id="a Dockerfile beside"),
        pytest.param(
            {f"sub/{name}": text for name, text in LOWER.items()} | {".dockerignore": "sub/c\n"},
            {"dockerfile": "sub/Dockerfile"},
            "sub/c",
            id="in a folder",
        ),
    ],
)
def test_a_file_named_dockerfile_is_taken_as_buildx_takes_it(
    dialer: Dialer,
    tmp_path: Path,
    files: dict[str, str],
    attributes: dict[str, str],
    left_out: str,
) -> None:
    whole: Attributes = {"path": str(filled(tmp_path / "app", files)), **attributes}
    expected = set(files) - {left_out}
    assert planned(whole) == expected
    assert built(dialer, whole, tmp_path / "out") == expected
