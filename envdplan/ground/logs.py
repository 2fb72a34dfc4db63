"""What clients call, one line each, for bug reports: off unless ENVDPLAN_LOG asks for it.

Each client package has one `Log`, a logger of Python's `logging` such as
"envdplan.clients.registry". Without a log nothing of this does more than look at the clock, and
`logging` is not imported. No line shows a secret: queries, logins in URLs and values of arguments
are left out by their form, and the texts given to `hide` wherever they stand.
"""

import re
import threading
import time
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Final, Self

HIDDEN: Final = "..."
"""What stands in the place of what a line must not show."""

_SHORT: Final = 4
"""Shorter secrets are hidden only where they stand alone: they are parts of too many words."""

_HARMLESS: Final = frozenset(
    {
        # the Engine API
        "filters", "fromImage", "platform", "repo", "tag",
        # registries and their token servers
        "digest", "from", "mount", "scope", "service",
        # Kubernetes
        "command", "container", "dryRun", "fieldManager", "fieldSelector", "force",
        "labelSelector", "tailLines", "timeoutSeconds", "watch",
    }
)  # fmt: skip
"""Parameters of queries whose values help and never are secret; signatures have other names."""

_LOGIN: Final = re.compile(r"(?<=://)[^/@\s]*@")
_QUERY: Final = re.compile(r"(?<=://)([^?#\s]*)[?#]\S*")
_CREDENTIAL: Final = re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]{8,}", re.IGNORECASE)
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

_on: Final = threading.Event()
_guard: Final = threading.Lock()
_secrets: set[str] = set()


class Log:
    """The lines of one client package."""

    def __init__(self, package: str) -> None:
        self._name = f"envdplan.{package}"

    def call(self, method: str, target: str, *, routine: bool = False) -> "Call":
        """A call that begins now: to be used in `with`, or ended by `end`.

        A `routine` one (a sign of life each few seconds) is written at the level debug only.
        """
        return Call(self, method, target, routine=routine)

    def write(self, text: str, *, routine: bool = False) -> None:
        """One line, without what must not be shown."""
        if _on.is_set():
            import logging

            level = logging.DEBUG if routine else logging.INFO
            logging.getLogger(self._name).log(level, "%s", shown(text))


class Call:
    """One call of a client: what, whereto, how it ended, and how many milliseconds it took."""

    __slots__ = ("_log", "_routine", "_since", "_what", "status")

    def __init__(self, log: Log, method: str, target: str, *, routine: bool) -> None:
        self.status: object = "OK"
        """How it ended: the other side's own word, or number."""
        self._log, self._routine = log, routine
        self._what = f"{method} {target}"
        self._since = time.monotonic()
        log.write(f"{self._what} begins", routine=True)

    def end(self, status: object) -> None:
        """It has ended."""
        took = (time.monotonic() - self._since) * 1000
        self._log.write(f"{self._what} {status} {took:.0f} ms", routine=self._routine)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        type: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end(self.status if value is None else why(value))


def why(error: BaseException) -> str:
    """How a call failed, in a word or a line that holds no text of others.

    That is gRPC's code, the summary of an error of ours, or what kinds of exceptions led to it.
    """
    code = getattr(error, "code", None)
    if callable(code):
        return str(getattr(code(), "name", None) or type(error).__name__)
    name = type(error).__name__
    summary = getattr(error, "summary", None)
    if summary:
        return f"{name} ({summary})"
    cause = error.__cause__ or getattr(error, "reason", None) or error.__context__
    return f"{name} ({type(cause).__name__})" if isinstance(cause, BaseException) else name


def hide(secrets: Iterable[str]) -> None:
    """From now on these texts show in no line, nor do they as a part of a URL."""
    if not _on.is_set():
        return
    from urllib.parse import quote

    lines = {line.strip() for one in secrets for line in one.splitlines()}
    found = {form for line in lines if line for form in (line, quote(line), quote(line, safe=""))}
    with _guard:
        _secrets.update(found)


def switch(*, on: bool) -> None:
    """Whether lines are written; whoever switches them on has told `logging` whereto."""
    with _guard:
        _secrets.clear()
    if on:
        _on.set()
    else:
        _on.clear()


def is_on() -> bool:
    """Whether lines are written."""
    return _on.is_set()


def shown(text: str) -> str:
    """One line without secrets, as far as they are known or have the form of one."""
    text = _CREDENTIAL.sub(rf"\1 {HIDDEN}", _LOGIN.sub("", text))
    with _guard:
        secrets = sorted(_secrets, key=len, reverse=True)
    if secrets:
        text = re.sub("|".join(map(_pattern, secrets)), HIDDEN, text)
    return _UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def url(text: str) -> str:
    """A URL, or path, without its login, and of its query only what cannot be a secret."""
    whole, _, rest = text.partition("?")
    query = rest.partition("#")[0]
    if not query:
        return _LOGIN.sub("", whole)
    from urllib.parse import parse_qsl

    given = parse_qsl(query, keep_blank_values=True)
    parts = [f"{name}={value}" for name, value in given if name in _HARMLESS]
    hidden = [HIDDEN] if len(parts) < len(given) or not given else []
    return f"{_LOGIN.sub('', whole)}?{'&'.join([*parts, *hidden])}"


def command(argv: Sequence[str]) -> str:
    """A command, without the values in NAME=VALUE, logins and queries."""
    return " ".join(map(_argument, argv))


def arguments(argv: Sequence[str]) -> str:
    """The command line of envdplan itself, without values of variables: --out=plan.json stays.

    Expressions of the console may hold anything, so that none is told.
    """
    words, is_expression = [], False
    for text in argv:
        hidden = is_expression and not text.startswith("-")
        words.append(HIDDEN if hidden else _own_argument(text))
        is_expression = is_expression or text == "console"
    return " ".join(words)


def _own_argument(text: str) -> str:
    option, equals, value = text.partition("=")
    if not text.startswith("-"):
        return _argument(text)
    return f"{option}{equals}{_argument(value)}" if equals else option


def _argument(text: str) -> str:
    name, equals, _ = text.partition("=")
    if equals and "://" not in name:
        return f"{name}={HIDDEN}"
    return _QUERY.sub(rf"\1?{HIDDEN}", _LOGIN.sub("", text)) or "''"


def _pattern(secret: str) -> str:
    found = re.escape(secret)
    return found if len(secret) >= _SHORT else rf"(?<!\w){found}(?!\w)"
