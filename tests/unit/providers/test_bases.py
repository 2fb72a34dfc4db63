"""The images that a Dockerfile names itself."""

from pathlib import Path

from envdplan.frontends.base import Source
from envdplan.providers.build.bases import bases

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
FOUND = [
    "localhost:5000/base:1",
    "localhost:5000/lower",
    "localhost:5000/tools",
    "localhost:5000/data",
    "make",
]


def test_literal_names_are_found(tmp_path: Path) -> None:
    assert list(bases(Source("/p", None, TEXT))) == FOUND
    (tmp_path / "Dockerfile").write_text(TEXT)
    assert list(bases(Source("/p", str(tmp_path / "Dockerfile"), None))) == FOUND


def test_a_file_that_cannot_be_read_names_nothing(tmp_path: Path) -> None:
    assert list(bases(Source("/p", str(tmp_path / "none"), None))) == []
    assert list(bases(Source("/p", None, None))) == []
