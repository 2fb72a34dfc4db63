"""The files of a build as inputs: its source, its Dockerfile, and further contexts."""

from pathlib import Path

import pytest

from envdplan.clients.buildkit.request import LocalDirectory
from envdplan.clients.buildkit.tree.digest import file_digest
from envdplan.clients.buildkit.tree.ignore import Place, named
from envdplan.ground.diagnostics import Conflict, EnvdplanError
from envdplan.resources.builds.frontends.base import NamedDirectory, Source
from envdplan.resources.builds.sources import Sources


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, content in {
        "app/Dockerfile": "FROM scratch",
        "app/main": "1",
        "shared/logo": "1",
        "shared/sub/.keep": "",
        "shared/notes.txt": "1",
        "shared/.dockerignore": "*.txt\nsub/.keep\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    (tmp_path / "shared" / "link").symlink_to("logo")
    return tmp_path


def found(source: Source) -> list[tuple[str, str]]:
    inputs = Sources({}, {}).inputs(source).files
    return [(one.kind, one.name) for one in inputs]


def test_a_context_counts_by_its_name_and_its_own_ignore_file(folder: Path) -> None:
    context = NamedDirectory("assets", str(folder / "shared"))
    app = str(folder / "app")
    assert found(Source(app, f"{app}/Dockerfile", contexts=(context,))) == [
        ("dockerfile", "Dockerfile"),
        ("file", "main"),
        ("context-file", "assets:.dockerignore"),
        ("context-link", "assets:link"),
        ("context-file", "assets:logo"),
        ("context-dir", "assets:sub"),
    ]


def test_a_context_that_is_no_folder_is_told_by_its_name(folder: Path) -> None:
    context = NamedDirectory("assets", str(folder / "shared" / "logo"))
    with pytest.raises(EnvdplanError, match=r"contexts.assets: /.*/logo is not a directory"):
        found(Source(str(folder / "app"), None, "FROM scratch", contexts=(context,)))


def test_only_a_definition_that_may_be_missing_is_left_out(folder: Path) -> None:
    shared = str(folder / "app")
    (folder / "app" / "Dockerfile").unlink()
    source = Source(shared, f"{shared}/Dockerfile", optional=True)
    assert found(source) == [("file", "main")]
    with pytest.raises(EnvdplanError, match="Dockerfile not found"):
        found(Source(shared, f"{shared}/Dockerfile"))
    (folder / "app" / "Dockerfile").write_text("x")
    assert found(source) == [("dockerfile", "Dockerfile"), ("file", "main")]


def test_a_dockerfile_that_is_left_out_of_the_source_shows(folder: Path) -> None:
    app = folder / "app"
    source = Source(str(app), f"{app}/Dockerfile", None, (Place(str(app), ".dockerignore"),))
    (app / ".dockerignore").write_text(".dockerignore\n")
    assert found(source) == [("dockerfile", "Dockerfile"), ("file", "main")]
    (app / ".dockerignore").write_text(".dockerignore\nDockerfile\n")
    left_out = ("left-out", "Dockerfile")
    assert found(source) == [("dockerfile", "Dockerfile"), ("file", "main"), left_out]
    (app / ".dockerignore").write_text(".dockerignore\n")
    (app / "Dockerfile").chmod(0o755)  # an image that copies all of it has it so
    assert ("file", "Dockerfile") in found(source)


def test_a_dockerfile_elsewhere_is_not_left_out(folder: Path) -> None:
    """Neither by the way of old states, whose builds would all run anew."""
    app = folder / "app"
    (folder / "else").mkdir()
    (folder / "else" / "Dockerfile").write_text("FROM x")
    for definition in (f"{folder}/else/Dockerfile", f"{app}/../else/Dockerfile"):
        kinds = [kind for kind, _ in found(Source(str(app), definition))]
        assert kinds == ["dockerfile", "file", "file"]
    by_a_detour = found(Source(str(app), f"{app}/../app/Dockerfile"))
    assert by_a_detour == [("dockerfile", "../app/Dockerfile"), ("file", "main")]


def test_an_ignore_file_that_is_named_has_to_be_there(folder: Path) -> None:
    source = Source(str(folder / "app"), None, "FROM x", (named(f"{folder}/nothing"),))
    with pytest.raises(EnvdplanError, match="Ignore file not found"):
        found(source)


def test_what_is_sent_has_to_be_what_was_planned(folder: Path) -> None:
    app = str(folder / "app")
    context = NamedDirectory("assets", str(folder / "shared"))
    source = Source(app, f"{app}/Dockerfile", contexts=(context,))
    sources = Sources({}, {})
    planned = sources.inputs(source).contents
    places = [(app, "Dockerfile"), (app, "main"), (str(folder / "shared"), "logo")]
    sent = sources.content(planned)
    for root, path in places:
        place, directory = Path(root, path), LocalDirectory("context", root)
        assert sent(directory, path, place.lstat()) == file_digest(str(place))
        place.write_text("other")
        with pytest.raises(Conflict, match=f"{path} changed since the plan"):
            sent(directory, path, place.lstat())


def test_a_file_that_came_after_the_plan_is_not_sent(folder: Path) -> None:
    app = str(folder / "app")
    source = Source(app, f"{app}/Dockerfile")
    sources = Sources({}, {})
    planned = sources.inputs(source).contents
    for name in ("new", ".dockerignore"):
        (folder / "app" / name).write_text("new")
    found = (folder / "app" / "new").lstat()
    sent = sources.content(planned)
    assert sent(LocalDirectory("context", app), "new", found) is None
    assert sent(LocalDirectory("context", app), ".dockerignore", found)  # asked for by its name
    assert sent(LocalDirectory("dockerfile", app), "new", found)
    assert sent(LocalDirectory("context", str(folder)), "app/new", found)
