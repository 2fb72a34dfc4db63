"""What an API server refuses, in words: its Status objects and broken connections end here."""

from typing import TYPE_CHECKING, Any

from envdplan.ground import jsontext
from envdplan.ground.diagnostics import Conflict, EnvdplanError, Refused, Unreachable

if TYPE_CHECKING:
    from urllib3.exceptions import HTTPError


class FieldConflict(Conflict):
    """Somebody else set a field that we want to set; `causes` are the server's words for each."""

    def __init__(self, causes: tuple[str, ...]) -> None:
        super().__init__("Fields are managed by somebody else", "; ".join(causes))
        self.causes = causes


class Forbidden(Refused):
    """The account may not do this, or a policy of the namespace forbids the pod."""


class Missing(Refused):
    """What the request is about does not exist (a namespace, a pod)."""


def failure(status: int, body: bytes, host: str) -> EnvdplanError:
    """The error for an answer of 400 and above.

    A misspelt or malformed object is answered with 500 by server-side apply (seen on 1.20 and
    1.36), so 500 says nothing about trying again.
    """
    answer = _parsed(body)
    said = str(answer.get("message") or body[:200].decode("utf-8", "replace") or "no reason given")
    match status:
        case 401:
            return Refused("Cluster does not accept the login", _login(host))
        case 403:
            return Forbidden("Cluster denies access", f"{host}: {said}.")
        case 404:
            return Missing("Not found in the cluster", f"{host}: {said}.")
        case 409 if causes := _causes(answer):
            return FieldConflict(causes)
        case 409:
            return Conflict("Cluster object changed meanwhile", f"{said}. Plan again.")
        case 429 | 502 | 503 | 504:
            return Unreachable("Cluster is too busy", f"{host} answers {status}: {said}.")
        case _:
            return Refused("Cluster rejects an object", f"{host} answers {status}: {said}.")


def unreachable(host: str, error: "HTTPError | TimeoutError") -> Unreachable:
    """Translate an exception of urllib3's, or that all the time is up."""
    from urllib3 import exceptions

    cause = getattr(error, "reason", None) or error
    match cause:
        case exceptions.NameResolutionError():
            why = "its name cannot be resolved"
        case exceptions.NewConnectionError():
            why = f"no connection ({_short(cause.__cause__ or cause)})"
        case exceptions.ConnectTimeoutError():
            why = "it does not answer (the connection timed out)"
        case exceptions.ReadTimeoutError() | TimeoutError():
            why = "it took the request but did not answer in time"
        case exceptions.SSLError():
            why = f"its certificate is not accepted ({_short(cause)})"
        case _:
            why = f"the connection broke ({_short(cause)})"
    return Unreachable(
        "Cluster cannot be reached", f"{host}: {why}. Is the kubeconfig's context right?"
    )


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        answer = jsontext.loads(body)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _causes(answer: dict[str, Any]) -> tuple[str, ...]:
    causes = (answer.get("details") or {}).get("causes") or ()
    return tuple(
        f"{one.get('message')}: {one.get('field')}"
        for one in causes
        if one.get("reason") == "FieldManagerConflict"
    )


def _login(host: str) -> str:
    return (
        f"{host} answers 401: the credentials of the kubeconfig are wrong or have expired. "
        "Log in again, as for kubectl."
    )


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:200]
