"""What a registry's refusing answer means for the user: one helpful paragraph each."""

import re
from collections.abc import Mapping

from envdplan.clients.registry.messages import Answer
from envdplan.ground import jsontext
from envdplan.ground.diagnostics import EnvdplanError, Refused, Unreachable
from envdplan.ground.imagenames import DOCKER_HUB, canonical_host

_LOWEST_SERVER_ERROR = 500
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


def refusal(host: str, path: str, answer: Answer) -> EnvdplanError:
    """The error for an answer about the repository `path` of `host` that is no success.

    Refused is definite; Unreachable says nothing about what exists. The statuses are those of
    the OCI distribution specification, "Error codes".
    """
    name = canonical_host(host)
    said = f" It says: {text}" if (text := _message(answer)) else ""
    match answer.status:
        case 401:
            return Refused(
                "Registry requires a login",
                _login_wanted(name, path, with_login=answer.with_login) + said,
            )
        case 403:
            detail = f"The registry {name} does not allow this on {path}."
            todo = f"Ask for the right to it, or use another login: docker login {name}."
            return Refused("Registry denies access", f"{detail}{said} {todo}")
        case 404:
            detail = f"The registry {name} does not have what was asked for in {path}."
            return Refused(
                "Not found in the registry", f"{detail}{said} Check the name and the tag."
            )
        case 429:
            detail = f"The registry {name} limits the number of requests from here.{said}"
            return Unreachable("Registry rate limit reached", f"{detail} {_later(name)}")
        case status if status >= _LOWEST_SERVER_ERROR:
            detail = f"The registry {name} answered with status {status}.{said}"
            return Unreachable("Registry reports an error", f"{detail} Try again later.")
        case status:
            detail = f"The registry {name} answered a request for {path} with status {status}."
            return Refused("Registry refuses a request", f"{detail}{said}")


def error_codes(answer: Answer) -> frozenset[str]:
    """The codes of the answer's errors (MANIFEST_UNKNOWN ...); empty when it is no error list."""
    return frozenset(code for one in _errors(answer) if isinstance(code := one.get("code"), str))


def _message(answer: Answer) -> str:
    """The registry's own words, safe for a terminal and short."""
    messages = (one.get("message") or one.get("code") for one in _errors(answer))
    text = "; ".join(one for one in messages if isinstance(one, str))
    text = _UNPRINTABLE.sub(" ", text)[:200].strip()
    return text if not text or text.endswith(".") else f"{text}."


def _errors(answer: Answer) -> list[Mapping[str, object]]:
    try:
        document = jsontext.loads(answer.body)
    except ValueError:
        return []
    errors = document.get("errors") if isinstance(document, dict) else None
    return [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []


def _login_wanted(name: str, path: str, *, with_login: bool) -> str:
    command = "docker login" if name == DOCKER_HUB else f"docker login {name}"
    if with_login:
        what = f"does not accept the login it was given, for {path}. Log in again"
    else:
        what = f"wants a login for {path}, and there is none for it here"
    return (
        f"The registry {name} {what}: {command}. Some registries also answer so when the "
        "repository does not exist."
    )


def _later(name: str) -> str:
    if name == DOCKER_HUB:
        return "Try again later, or log in for a higher limit: docker login."
    return "Try again later."
