"""The images that a Dockerfile names itself."""

from pathlib import Path

from envdplan.resources.builds.frontends.base import Source
from envdplan.resources.builds.frontends.dockerfilebases import bases

TEXT = """\
# FROM comment
ARG BASE=localhost:5000/arg
FROM --platform=$BUILDPLATFORM localhost:5000/base:1 AS make
from localhost:5000/lower
FROM ${BASE}
COPY --link --from=localhost:5000/tools /a /b
RUN --mount=type=bind,from=localhost:5000/data,target=/x make
COPY --from=make /a /c
"""
FOUND = {
    "localhost:5000/arg",
    "localhost:5000/base:1",
    "localhost:5000/lower",
    "localhost:5000/tools",
    "localhost:5000/data",
}


def test_names_are_found(tmp_path: Path) -> None:
    assert bases(Source("/p", None, TEXT), {}) == FOUND
    (tmp_path / "Dockerfile").write_text(TEXT)
    assert bases(Source("/p", str(tmp_path / "Dockerfile"), None), {}) == FOUND
    given = bases(Source("/p", None, TEXT), {"BASE": "r.io/x"})
    assert given == {*FOUND, "r.io/x"} - {"localhost:5000/arg"}


def test_a_file_that_cannot_be_read_names_nothing(tmp_path: Path) -> None:
    assert bases(Source("/p", str(tmp_path / "none"), None), {}) == set()
    assert bases(Source("/p", None, None), {}) == set()
