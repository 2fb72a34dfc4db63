"""SSH agents for build steps: lists keys and signs, and does nothing else for a builder.

The service is moby.sshforward.v1.SSH. A builder could ask an agent to lock itself or to forget its
keys; of the agent's protocol (draft-miller-ssh-agent) only two requests are let through.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Final, TypeVar

from google.protobuf.message import DecodeError, Message

from envdplan.clients.buildkit.proto import sshforward_pb2 as pb
from envdplan.clients.buildkit.request import SshAgent
from envdplan.clients.buildkit.session.services import Abort, Services, Stream
from envdplan.clients.buildkit.session.sshagents import FAILURE, LONGEST, Agent, framed, opener

ID_HEADER: Final = "buildkit.ssh.id"
"""Metadata that names the agent (moby/buildkit, session/sshforward)."""
DEFAULT: Final = "default"

LIST_KEYS: Final = 11
SIGN: Final = 13
_EXTENSION: Final = 27
"""OpenSSH tries some of its own each time, and can do without them."""

_INVALID_ARGUMENT: Final = 3
_NOT_FOUND: Final = 5
_SERVICE: Final = "/moby.sshforward.v1.SSH"

_Message = TypeVar("_Message", bound=Message)


def ssh_forward(
    agents: Iterable[SshAgent],
    environment: Mapping[str, str] = os.environ,
    *,
    refused: Callable[[str], None] = lambda _: None,
) -> Services:
    """The SSH service; none where nothing is declared. `refused` hears what else was asked for.

    Raises EnvdplanError when an agent or a key cannot be used.
    """
    by_id = {one.id: opener(one, environment) for one in agents}

    def chosen(id: str) -> Callable[[], Agent]:
        name = id or DEFAULT
        if name not in by_id:
            refused(f"SSH agent {name}")
            raise Abort(_NOT_FOUND, f"the SSH agent {name!r} is not declared for this build")
        return by_id[name]

    def check_agent(stream: Stream) -> None:
        chosen(_parsed(pb.CheckAgentRequest(), stream.receive() or b"").ID)
        stream.send([pb.CheckAgentResponse().SerializeToString()])

    def forward_agent(stream: Stream) -> None:
        with closing(chosen(stream.metadata.get(ID_HEADER, ""))()) as agent:
            for message in _messages(stream):
                answer = framed(_answer(agent, message, refused))
                stream.send([pb.BytesMessage(data=answer).SerializeToString()])

    services = {f"{_SERVICE}/CheckAgent": check_agent, f"{_SERVICE}/ForwardAgent": forward_agent}
    return services if by_id else {}


def _answer(agent: Agent, message: bytes, refused: Callable[[str], None]) -> bytes:
    kind = message[0] if message else 0
    if kind in (LIST_KEYS, SIGN):
        return agent.ask(message)
    if kind != _EXTENSION:
        refused(f"request {kind} to the SSH agent")
    return FAILURE


def _messages(stream: Stream) -> Iterator[bytes]:
    """The agent's messages in a stream of bytes, each with its length before it."""
    waiting = b""
    while (packet := stream.receive()) is not None:
        waiting += _parsed(pb.BytesMessage(), packet).data
        while len(waiting) >= 4:  # noqa: PLR2004  the length is four bytes
            size = int.from_bytes(waiting[:4], "big")
            if size > LONGEST:
                raise Abort(_INVALID_ARGUMENT, f"a request to an SSH agent has {size} bytes")
            if len(waiting) < 4 + size:
                break
            yield waiting[4 : 4 + size]
            waiting = waiting[4 + size :]


def _parsed(empty: _Message, content: bytes) -> _Message:
    try:
        empty.ParseFromString(content)
    except DecodeError:
        raise Abort(_INVALID_ARGUMENT, "the message cannot be read") from None
    return empty
