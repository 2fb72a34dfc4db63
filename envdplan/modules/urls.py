"""Takes the texts of sources apart, and refuses URLs that must not be fetched or written down."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.imagenames import is_loopback

_GIT: Final = ("https", "ssh", "git", "file", "http")
_SECRETS: Final = frozenset(
    {
        "access_token", "api_key", "apikey", "auth", "key", "password", "private_token", "secret",
        "sig", "signature", "sshkey", "token", "x-amz-signature", "x-goog-signature",
    }
)  # fmt: skip
"""Parameters of URLs that carry what the lock file must not hold."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A source without its extras: those parameters that are ours are no longer in the URL."""

    url: str
    subdir: str
    parameters: dict[str, str] = field(default_factory=dict)


class SecretInSource(EnvdplanError):
    """A source that holds a login: neither it nor its line in the file may be shown."""

    is_about_a_secret = True


def split(text: str, ours: tuple[str, ...]) -> Parts:
    """URL, //SUBDIR and the parameters that are `ours`. Raises EnvdplanError."""
    if any(not char.isprintable() or char.isspace() for char in text):
        raise problem("It holds a space, or a character that cannot be printed.")
    address, _, query = text.partition("?")
    scheme, colon, rest = address.rpartition("://")
    base, _, subdir = rest.partition("//")
    kept, found = _parameters(query, ours)
    url = f"{scheme}{colon}{base}" + (f"?{kept}" if kept else "")
    return Parts(url, _subdir(subdir), found)


def url_of_repository(url: str, parameters: tuple[str, ...]) -> str:
    """`url` if git may be given it. Raises EnvdplanError, also for more `parameters`."""
    for one in filter(None, url.partition("?")[2].split("&")):
        name = one.partition("=")[0]
        _check_name(name)
        raise problem(
            f'A git source has no parameter "{name}".{near(name, parameters)} There are '
            f"{' and '.join(parameters)}."
        )
    if "://" not in url:
        raise problem("What follows git:: is a URL (https://, ssh://, file://), or USER@HOST:PATH.")
    return check_url(url, _GIT)


def check_url(url: str, schemes: tuple[str, ...]) -> str:
    """`url`, its host in lower case. Raises EnvdplanError for what must not be fetched."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise problem("It is not a proper URL.") from None
    if parts.scheme not in schemes:
        raise problem(f"{parts.scheme}:// is not supported; there are {_listed(schemes)}.")
    if parts.fragment:
        raise problem("A URL of a source has nothing behind a #.")
    _check_user(parts)
    _check_query(parts.query)
    _check_host(parts, host)
    return parts._replace(netloc=_lower_host(parts)).geturl()


def near(name: str, candidates: tuple[str, ...]) -> str:
    """` Did you mean "x"?`, or nothing."""
    from difflib import get_close_matches  # only errors need it

    found = get_close_matches(name, candidates, n=1)
    return f' Did you mean "{found[0]}"?' if found else ""


def problem(detail: str) -> EnvdplanError:
    """The error for a source that cannot be used."""
    return EnvdplanError("Invalid module source", detail)


def _parameters(query: str, ours: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """What of a query belongs to the URL, and what is ours; a plus is no space here."""
    kept, found = [], {}
    for one in filter(None, query.split("&")):
        name, _, value = one.partition("=")
        if name not in ours:
            kept.append(one)
        elif name in found:
            raise problem(f"{name} is given twice.")
        else:
            found[name] = unquote(value)
    return "&".join(kept), found


def _subdir(text: str) -> str:
    names = [name for name in text.split("/") if name not in ("", ".")]
    if ".." in names or "\\" in text:
        raise problem("The folder behind // must lie within what is fetched: it has no ..")
    return "/".join(names)


def _check_user(parts: SplitResult) -> None:
    user, at, _ = parts.netloc.rpartition("@")
    if not at or (parts.scheme == "ssh" and user and ":" not in user and user[0] != "-"):
        return
    raise SecretInSource(
        "Login in a module source",
        "It carries a login, which would be stored in shared files, and shown. Take it out of "
        "the URL: git asks its credential helpers (`git config credential.helper`), and ssh "
        "has its keys.",
    )


def _check_query(query: str) -> None:
    for one in query.split("&"):
        _check_name(one.partition("=")[0])


def _check_name(name: str) -> None:
    if name.lower() in _SECRETS:
        raise SecretInSource(
            "Secret in a module source",
            f'The parameter "{name}" looks like a secret, which would be stored in shared '
            "files. Put the module where it needs none, or use git.",
        )


def _check_host(parts: SplitResult, host: str) -> None:
    if parts.scheme == "file":
        if host not in ("", "localhost") or not parts.path.startswith("/"):
            raise problem("A file:// URL has an absolute path: file:///FOLDER/FILE.")
        return
    if not host or host.startswith("-") or (parts.scheme == "ssh" and "/-" in parts.path[:2]):
        raise problem("It names no host, or something that starts with a hyphen.")
    if parts.scheme == "http" and not is_loopback(parts.netloc.rpartition("@")[2]):
        raise problem(
            "http:// is only taken on this machine (localhost): anybody on the way could "
            "change the content. Use https://."
        )


def _lower_host(parts: SplitResult) -> str:
    user, at, host = parts.netloc.rpartition("@")
    return f"{user}{at}{host.lower()}"


def _listed(schemes: tuple[str, ...]) -> str:
    return ", ".join(f"{one}://" for one in schemes if one != "http")
