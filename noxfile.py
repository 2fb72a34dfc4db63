"""The same checks on every supported Python: `nox` (what `make` does on one)."""

import nox

nox.options.sessions = ["lint", "fast"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


@nox.session(python=PYTHONS)
def fast(session: nox.Session) -> None:
    """Tests that need nothing but Python."""
    _install(session)
    session.run("pytest", "tests/unit", "tests/diagnostics", "tests/architecture", *session.posargs)


@nox.session(python=PYTHONS[0])
def lint(session: nox.Session) -> None:
    """Format, style, types and layers."""
    _install(session)
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("mypy")
    session.run("lint-imports")


def _install(session: nox.Session) -> None:
    session.install("-e", ".")
    session.install(*nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), "dev"))
