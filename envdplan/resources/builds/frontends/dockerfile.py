"""Builds by a frontend of BuildKit: its own for Dockerfiles, or one that is an image."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from envdplan.clients.buildkit.request import (
    CacheEntry,
    Export,
    LocalDirectory,
    SecretSource,
    SolveRequest,
)
from envdplan.clients.buildkit.session.sharedkey import shared_key
from envdplan.clients.buildkit.tree import ignore as ignores
from envdplan.clients.buildkit.tree.ignore import NAME as IGNORE
from envdplan.clients.buildkit.tree.ignore import Place
from envdplan.core.plan.names import output_names
from envdplan.core.state.outputs import is_pushed
from envdplan.ground.addresses import Kind
from envdplan.ground.imagenames import full_name
from envdplan.ground.schema import Problem, ResourceType
from envdplan.ground.sizes import size_in_bytes
from envdplan.ground.values import Attributes, Sensitive, Unknown, is_sensitive, reveal
from envdplan.resources.builds.frontends import (
    attestations,
    clear,
    contexts,
    gateway,
    hosts,
    results,
)
from envdplan.resources.builds.frontends.base import Extras, Frontend, Source, decide
from envdplan.resources.builds.frontends.buildschema import ATTRIBUTES, INTERNAL
from envdplan.resources.builds.frontends.outputs import (
    cache_problems,
    kinds_of_images,
    name_problems,
    with_caches,
    with_outputs,
)
from envdplan.resources.builds.frontends.registries import named_registries
from envdplan.resources.builds.frontends.sshagents import agents, with_ssh

DEFAULT_FILE: Final = "Dockerfile"
_NAMED: Final = ("image", "docker", "oci")
"""Types of outputs that hold an image with its names."""


def derive(attributes: Attributes) -> Attributes:
    """Short forms written out."""
    made = with_caches(with_outputs(attributes))
    return attestations.with_attestations(with_ssh(contexts.with_contexts(made)))


def problems(attributes: Attributes) -> Iterator[Problem]:
    """Attributes that exclude or need each other."""
    if attributes.get("dockerfile") and attributes.get("dockerfile_inline") is not None:
        detail = "dockerfile and dockerfile_inline exclude each other: remove one of the two."
        yield ("dockerfile_inline",), "Ambiguous Dockerfile", detail
    if attributes.get("push") is True and not attributes.get("tags"):
        detail = '"tags" must be set: without a name there is nowhere to push to.'
        yield ("push",), "Missing attribute", detail
    yield from name_problems(attributes)
    yield from cache_problems(attributes)
    yield from _secret_problems(attributes)
    yield from _output_problems(attributes)
    yield from kinds_of_images(attributes)
    for one in (contexts, attestations, gateway):
        yield from one.problems(attributes)
    yield from clear.problems(TYPE, attributes)


def _secret_problems(attributes: Attributes) -> Iterator[Problem]:
    secrets = attributes.get("secret")
    for index, one in enumerate(secrets if isinstance(secrets, tuple) else ()):
        path, given = ("secret", index), [n for n in ("env", "file", "value") if n in one]
        if len(given) != 1:
            detail = "A secret comes from exactly one of env, file and value."
            yield path, "Ambiguous secret" if given else "Missing attribute", detail
        value = one.get("value")
        if value is not None and not isinstance(value, Sensitive | Unknown):
            detail = "The value of a secret must be sensitive: take it from a sensitive variable."
            yield path, "Secret in plain text", detail


def _output_problems(attributes: Attributes) -> Iterator[Problem]:
    outputs = attributes.get("output")
    folders = 0
    for index, one in enumerate(outputs if isinstance(outputs, tuple) else ()):
        folders += one.get("tar") is False
        if one.get("tar") is False and folders > 1:
            detail = "BuildKit writes one folder of images in one build: make the other a tar."
            yield ("output", index), "More than one OCI layout output", detail
        path, type, dest = ("output", index), one["type"], one.get("dest")
        if type in ("oci", "tar", "local") and dest is None:
            yield path, "Missing attribute", f"An output of type {type} needs dest."
        if type in ("image", "cacheonly") and dest is not None:
            yield path, "Unexpected attribute", f"An output of type {type} takes no dest."
        if is_pushed(one) and (type != "image" or not _has_names(attributes, one)):
            detail = "Only an output of type image with tags or names can be pushed."
            yield path, "Unexpected attribute", detail
        if one.get("names") is not None and type not in _NAMED:
            detail = f"An output of type {type} has no names; {', '.join(_NAMED)} have."
            yield path, "Unexpected attribute", detail


def _has_names(attributes: Attributes, output: Attributes) -> bool:
    """Whether it has some; perhaps counts as yes."""
    own = output.get("names")
    return bool(attributes.get("tags") if own is None else own)


TYPE: Final = ResourceType(
    Kind.BUILD,
    "dockerfile",
    ATTRIBUTES,
    derive,
    problems,
    internal=INTERNAL,
    decide=decide,
    title="build",
)


def source(attributes: Attributes) -> Source:
    """The context directory and the Dockerfile, and the further contexts."""
    directory = str(attributes["path"])
    ignore = attributes.get("ignore_file")
    inline = attributes.get("dockerfile_inline")
    named = contexts.directories(attributes)
    own = results.below(attributes, directory)
    whole = Place(directory, IGNORE)
    if inline is not None:
        places = (ignores.named(ignore) if ignore else whole,)
        hidden = is_sensitive(inline)
        return Source(
            directory, None, reveal(inline), places, contexts=named, results=own, hidden=hidden
        )
    given = attributes.get("dockerfile")
    definition = _as_written(Path(directory, given or DEFAULT_FILE))
    beside = Place(str(definition.parent), f"{definition.name}{IGNORE}")
    optional = not given and attributes.get("frontend") is not None
    usual = (ignores.named(ignore),) if ignore else (beside, whole)
    return Source(directory, str(definition), None, usual, None, named, optional, own)


def _as_written(definition: Path) -> Path:
    """`dockerfile` where there is no `Dockerfile`: buildx takes it, and its own ignore file.

    The names in the folder decide: some file systems of macOS find both by either.
    """
    if definition.name != DEFAULT_FILE:
        return definition
    try:
        names = os.listdir(definition.parent)  # noqa: PTH208  names are enough
    except OSError:
        return definition
    lower = DEFAULT_FILE.lower()
    return (
        definition.with_name(lower) if DEFAULT_FILE not in names and lower in names else definition
    )


def request(attributes: Attributes, extras: Extras) -> SolveRequest:
    """What BuildKit is asked for; sensitive values are revealed here and nowhere before."""
    found = source(attributes)
    directories, filename = _directories(found)
    plain = reveal(attributes)
    frontend, image = gateway.solver(plain)
    shared = (*directories, *contexts.local_directories(plain))
    return SolveRequest(
        frontend=frontend,
        attributes={"filename": filename, **image, **dict(_options(plain, extras))},
        directories=shared,
        secrets=tuple(_secrets(plain)),
        ssh=tuple(agents(plain)),
        layouts={one.store: str(one.directory) for one in contexts.layouts(plain)},
        exports=tuple(_exports(plain, extras)),
        cache_imports=tuple(_caches(plain, "import_cache")),
        cache_exports=tuple(_caches(plain, "export_cache")),
        entitlements=tuple(_entitlements(plain)),
        shared_key=shared_key(shared),
    )


def _directories(found: Source) -> tuple[tuple[LocalDirectory, ...], str]:
    """The context and the directory of the Dockerfile.

    The ignore file that the plan went by is laid over beside the Dockerfile, where a builder
    looks first: it takes no other one. An inline Dockerfile lies in a directory of its own.
    """
    overlay: dict[str, bytes] = {}
    if found.definition is None:
        filename, home = DEFAULT_FILE, None
        overlay[filename] = (found.inline or "").encode()
    else:
        filename, home = Path(found.definition).name, str(Path(found.definition).parent)
    content = ignores.ignore_file(found.ignore_files)
    if content is not None:  # of an empty one some frontends think that there is none
        overlay[f"{filename}{IGNORE}"] = content or b"# nothing is left out\n"
    context = LocalDirectory("context", found.directory, results=found.results)
    return (context, LocalDirectory("dockerfile", home, overlay)), filename


def _options(plain: Attributes, extras: Extras) -> Iterator[tuple[str, str]]:
    for name, value in (plain.get("args") or {}).items():
        yield f"build-arg:{name}", value
    for name, value in {**(plain.get("labels") or {}), **extras.labels}.items():
        yield f"label:{name}", value
    if plain.get("target"):
        yield "target", plain["target"]
    if plain.get("platforms"):
        yield "platform", ",".join(plain["platforms"])
    yield from _limits(plain)
    if plain.get("no_cache"):
        yield "no-cache", ""
    elif plain.get("no_cache_filter"):
        yield "no-cache", ",".join(plain["no_cache_filter"])
    if plain.get("pull"):
        yield "image-resolve-mode", "pull"
    yield from contexts.options(plain)
    yield from attestations.options(plain)


def _limits(plain: Attributes) -> Iterator[tuple[str, str]]:
    if plain.get("network") in ("none", "host", "sandbox"):
        yield "force-network-mode", plain["network"]
    if plain.get("extra_hosts"):
        yield "add-hosts", hosts.option(plain["extra_hosts"])
    if plain.get("shm_size"):
        yield "shm-size", str(size_in_bytes(plain["shm_size"]))
    if plain.get("ulimits"):
        yield "ulimit", ",".join(plain["ulimits"])


def _secrets(plain: Attributes) -> Iterator[SecretSource]:
    for one in plain.get("secret") or ():
        value = one.get("value")
        encoded = None if value is None else value.encode()
        yield SecretSource(one["id"], one.get("env"), one.get("file"), encoded)


def _caches(plain: Attributes, name: str) -> Iterator[CacheEntry]:
    for one in plain.get(name) or ():
        options = {key: value for key, value in one.items() if key != "type"}
        yield CacheEntry(one["type"], options)


def _entitlements(plain: Attributes) -> Iterator[str]:
    yield from plain.get("entitlements") or ()
    if plain.get("network") == "host" and "network.host" not in (plain.get("entitlements") or ()):
        yield "network.host"  # asking for the host's network is asking for the right to it


def _exports(plain: Attributes, extras: Extras) -> Iterator[Export]:
    """One export for each output; in an engine a loaded image is the very image that is built."""
    images: list[Attributes] = []
    for one in plain.get("output") or ():
        if one["type"] == "image" or (extras.in_engine and _is_loaded(one)):
            images.append(one)
        elif one["type"] != "cacheonly":
            yield Export(one["type"], _naming(one, plain, extras), one.get("dest"))
    if images:
        yield from _images(images, plain, extras)


def _is_loaded(one: Attributes) -> bool:
    return one["type"] == "docker" and not one.get("dest")


def _images(images: list[Attributes], plain: Attributes, extras: Extras) -> Iterator[Export]:
    """What is pushed goes by its own names alone; it comes last, as its digest is what counts."""
    pushed = [one for one in images if is_pushed(one)]
    kept = [one for one in images if not is_pushed(one)]
    if extras.exporter != "image":  # one export; the engine pushes what is to be pushed
        local = _full(name for one in kept for name in output_names(plain, one))
        every = dict.fromkeys((*(extras.names if pushed else ()), *local))
        yield Export(extras.exporter, {"name": ",".join(every)})
        return
    for same in _by_options(kept):
        names = _full(name for one in same for name in output_names(plain, one))
        if not pushed or not {*names} <= {*extras.names}:
            yield Export("image", {**_naming(same[0], plain, extras), **_named(names)})
    if pushed:
        options = _naming(pushed[0], plain, extras)
        yield Export("image", {**options, "push": "true"} if extras.push else options)


def _by_options(images: list[Attributes]) -> Iterable[list[Attributes]]:
    """Images with other options are other images, with names of their own."""
    found: dict[tuple[tuple[str, str], ...], list[Attributes]] = {}
    for one in images:
        found.setdefault(tuple(_export_options(one)), []).append(one)
    return found.values()


def _naming(one: Attributes, plain: Attributes, extras: Extras) -> dict[str, str]:
    options = dict(_export_options(one))
    if one["type"] in ("image", "docker", "oci"):
        options |= _annotations(plain.get("annotations") or {})
        options |= _named(extras.names if is_pushed(one) else _full(output_names(plain, one)))
    return options


def _full(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(full_name, names)))


def _named(names: tuple[str, ...]) -> dict[str, str]:
    return {"name": ",".join(names)} if names else {}


def _export_options(one: Attributes) -> Iterator[tuple[str, str]]:
    words = {
        "compression": "compression",
        "compression_level": "compression-level",
        "force_compression": "force-compression",
        "oci_mediatypes": "oci-mediatypes",
        "rewrite_timestamp": "rewrite-timestamp",
        "tar": "tar",
    }
    for name, word in words.items():
        value = one.get(name)
        if value is not None:
            yield word, str(value).lower() if isinstance(value, bool) else str(value)


def _annotations(annotations: Mapping[str, str]) -> Mapping[str, str]:
    """`index:KEY` and its kin as BuildKit's exporter writes them; plain keys go to manifests."""
    found: dict[str, str] = {}
    for key, value in annotations.items():
        level, colon, rest = key.partition(":")
        if colon and level in ("index", "manifest", "manifest-descriptor", "index-descriptor"):
            word = "annotation" if level == "manifest" else f"annotation-{level}"
            found[f"{word}.{rest}"] = value
        else:
            found[f"annotation.{key}"] = value
    return found


def registries(attributes: Attributes) -> frozenset[str]:
    """The registries that the builder may be logged in to."""
    return named_registries(attributes, source(attributes))


FRONTEND: Final = Frontend(TYPE, source, request, registries)
