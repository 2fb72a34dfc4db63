"""Docker's credential helpers: `docker-credential-NAME get`, host in, JSON out.

The protocol is docker/docker-credential-helpers' (README, "Development").
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from envdplan.clients.registry.credentials.credential import Credential, IdentityToken, Login
from envdplan.ground import jsontext
from envdplan.ground.diagnostics import Unreachable
from envdplan.ground.logs import Log, url

if TYPE_CHECKING:
    from subprocess import CompletedProcess

_LOG: Final = Log("clients.registry")
TIMEOUT: Final = 30.0
"""Seconds that a helper may take: some ask the user to unlock a key ring."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NOT_FOUND = ("credentials not found", "no credentials server url", "no credentials username")


def ask_helper(
    suffix: str, server: str, environment: Mapping[str, str], *, timeout: float = TIMEOUT
) -> Credential | None:
    """What the helper keeps for `server`; None when it has nothing.

    Raises Unreachable when it is missing, fails or takes longer than `timeout` seconds.
    """
    program = f"docker-credential-{suffix}"
    done = _run(program, suffix, server, environment, timeout)
    if done.returncode == 0:
        return _credential(program, done.stdout)
    said = f"{done.stdout}\n{done.stderr}".strip()
    if any(sign in said.lower() for sign in _NOT_FOUND):
        return None
    raise _failed(program, server, _first_line(said) or f"it ended with code {done.returncode}")


def _run(
    program: str, suffix: str, server: str, environment: Mapping[str, str], timeout: float
) -> "CompletedProcess[str]":
    import shutil
    import subprocess

    found = _NAME.fullmatch(suffix) and shutil.which(program, path=environment.get("PATH"))
    if not found:
        raise _missing(program, suffix)
    try:
        with _LOG.call("run", f"{program} get for {url(server)}") as call:
            done = subprocess.run(
                [found, "get"],
                input=server,
                capture_output=True,
                check=False,
                encoding="utf-8",
                errors="replace",
                env=dict(environment),
                timeout=timeout,
            )
            call.status = f"code {done.returncode}"
    except subprocess.TimeoutExpired:
        raise _failed(program, server, f"it gave no answer within {timeout:g} seconds") from None
    except OSError as error:
        raise _failed(program, server, error.strerror or "it cannot be started") from None
    return done


def _credential(program: str, text: str) -> Credential | None:
    try:
        answer = jsontext.loads(text)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise _failed(program, "the registry", "its answer is not a JSON object")
    username, secret = answer.get("Username"), answer.get("Secret")
    if not isinstance(username, str) or not isinstance(secret, str) or not secret:
        return None
    return IdentityToken(secret) if username == "<token>" else Login(username, secret)


def _first_line(said: str) -> str:
    """What a failing helper says, unless it is JSON, which might hold a secret."""
    line = said.splitlines()[0].strip() if said else ""
    return "" if line.startswith("{") else line[:200]


def _missing(program: str, suffix: str) -> Unreachable:
    return Unreachable(
        "Credential helper is not installed",
        f"Docker's config.json names the credential helper {suffix!r}, but there is no program "
        f"{program} in PATH. Install it, or remove it from credsStore and credHelpers "
        "and run `docker login` again.",
    )


def _failed(program: str, server: str, why: str) -> Unreachable:
    return Unreachable(
        "Credential helper failed",
        f"{program} was asked for the credentials of {server}: {why}. "
        f"Try it by hand: echo {server} | {program} get",
    )
