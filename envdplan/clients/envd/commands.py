"""The rules of `envd context create|use|rm`, with envd's own messages (envd 1.3.6).

Stricter than envd where its store would read back something else than was asked for.
"""

from envdplan.clients.envd.contexts import DEFAULT_BUILDER_ADDRESS, Context, ContextSet, shown
from envdplan.ground.diagnostics import Refused

BUILDERS = ("docker-container", "kube-pod", "tcp", "unix", "moby-worker", "nerdctl-container")
"""The builder types that envd takes."""

RUNNERS = ("docker", "envd-server")
"""The runner types that envd takes."""

DEFAULT_BUILDER = "docker-container"
DEFAULT_RUNNER = "docker"


def new_context(
    name: str,
    *,
    builder: str = DEFAULT_BUILDER,
    builder_address: str = DEFAULT_BUILDER_ADDRESS,
    runner: str = DEFAULT_RUNNER,
    runner_address: str | None = None,
) -> Context:
    """A context as `envd context create` would make it. Raises Refused when envd refuses it."""
    if builder not in BUILDERS:
        raise Refused(
            "unknown builder type", f'"{shown(builder)}" is not one of {", ".join(BUILDERS)}.'
        )
    if runner not in RUNNERS:
        raise Refused(
            "unknown runner type", f'"{shown(runner)}" is not one of {", ".join(RUNNERS)}.'
        )
    if not name:
        raise Refused("a context needs a name", "envd loses an empty name in its store.")
    if not builder_address:
        raise Refused(
            "a context needs a builder address",
            f"envd loses an empty one in its store and may dial {DEFAULT_BUILDER_ADDRESS} instead.",
        )
    return Context(name, builder, builder_address, runner, runner_address or None)


def create(contexts: ContextSet, context: Context, *, use: bool = False) -> ContextSet:
    """With the new `context`. Raises Refused when there is one of its name."""
    if contexts.find(context.name) is not None:
        raise Refused(
            f'context "{shown(context.name)}" already exists',
            "Remove it first, or choose another name.",
        )
    created = contexts.put(context)
    return created.use(context.name) if use else created


def use(contexts: ContextSet, name: str) -> ContextSet:
    """With `name` as the current context. Raises Refused when there is no such context."""
    try:
        return contexts.use(name)
    except Refused as error:
        summary = f"failed to use the specified context {shown(name)}: {error.summary}"
        raise Refused(summary, error.detail) from None


def remove(contexts: ContextSet, name: str) -> ContextSet:
    """Without `name`. Raises Refused when there is no such context, or it is the current one."""
    if contexts.find(name) is None:
        raise Refused(f'cannot find context "{shown(name)}"')
    if contexts.current == name:
        raise Refused(
            f'cannot remove current context "{shown(name)}"',
            "Make another one current first: `envdplan context use --name OTHER`.",
        )
    return contexts.remove(name)
