"""Commands in pods: a real local process behind the frames of Kubernetes' websockets.

Frames as recorded: the first one is empty, on channel 1; then output (1), errors (2), and at the
end the status as JSON (3); v5 knows the end of input (255).
"""

import asyncio
import json
import uuid
from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from aiohttp import WSMsgType, web

from envdplan.testing.kubernetes.faults import Faults

Object = dict[str, Any]
Execute = Callable[[str, str, Sequence[str]], Sequence[str]]
"""Pod, container and command in; the local command that stands for it out."""

PROTOCOLS: Final = (
    "v5.channel.k8s.io",
    "v4.channel.k8s.io",
    "base64.channel.k8s.io",
    "channel.k8s.io",
)
_CHUNK: Final = 32 * 1024
_MISSING: Final = 127


class Commands:
    """Runs commands; knows which pod each belongs to, so that they end with it."""

    def __init__(self, execute: Execute, faults: Faults) -> None:
        self._execute, self._faults = execute, faults
        self._running: dict[str, set[asyncio.subprocess.Process]] = {}

    def ended(self, uid: str) -> None:
        """The pod is no more: end its commands."""
        for process in self._running.pop(uid, set()):
            with suppress(ProcessLookupError):
                process.kill()

    async def close(self) -> None:
        """End all of them, and wait until they have ended."""
        running = [one for some in self._running.values() for one in some]
        for uid in list(self._running):
            self.ended(uid)
        await asyncio.gather(*(one.wait() for one in running))

    async def serve(
        self, request: web.Request, pod: Object, container: str, *, protocols: Sequence[str]
    ) -> web.StreamResponse:
        """Answer a request to run a command."""
        offered = request.headers.get("Sec-WebSocket-Protocol")
        asked = [one.strip() for one in (offered or "").split(",") if one.strip()]
        if asked and not set(asked) & set(protocols):
            return web.Response(status=403, headers={"Connection": "close"})
        await asyncio.sleep(self._faults.slow_exec)
        socket = web.WebSocketResponse(protocols=tuple(protocols), max_msg_size=0)
        await socket.prepare(request)
        await _Stream(self, request, socket, pod, container).run()
        return socket

    async def start(
        self, pod: Object, container: str, command: Sequence[str]
    ) -> asyncio.subprocess.Process:
        """The local process. Raises FileNotFoundError."""
        local = self._execute(pod["metadata"]["name"], container, command)
        process = await asyncio.create_subprocess_exec(
            *local,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        self._running.setdefault(pod["metadata"]["uid"], set()).add(process)
        return process

    @property
    def limit(self) -> int | None:
        """After so many bytes the connection breaks."""
        return self._faults.drop_exec_after


class _Stream:
    """One command's websocket."""

    def __init__(
        self,
        commands: Commands,
        request: web.Request,
        socket: web.WebSocketResponse,
        pod: Object,
        container: str,
    ) -> None:
        self._commands, self._request, self._socket = commands, request, socket
        self._pod, self._container = pod, container
        protocol = socket.ws_protocol or "channel.k8s.io"
        self._coded = protocol.startswith("base64")
        self._tells = protocol[:2] in ("v4", "v5")
        self._half_closes = protocol.startswith("v5")
        self._sent = 0
        self._broken = False

    async def run(self) -> None:
        command = self._request.query.getall("command", [])
        await self._send(1, b"")
        status = await self._serve(command)
        if self._broken or self._socket.closed:
            return
        with suppress(ConnectionError):
            if self._tells:
                await self._send(3, json.dumps(status, separators=(",", ":")).encode())
            await self._socket.close(code=1000, drain=False)

    async def _serve(self, command: list[str]) -> Object:
        if not command:
            return _unstartable("exec failed: args must not be empty")
        try:
            process = await self._commands.start(self._pod, self._container, command)
        except FileNotFoundError:
            return _unstartable(
                "exec failed: unable to start container process: exec: "
                f'"{command[0]}": executable file not found in $PATH'
            )
        pipes = ((process.stdout, 1), (process.stderr, 2))
        outputs = [
            self._copy(process, pipe, channel) for pipe, channel in pipes if pipe is not None
        ]
        feeding = asyncio.create_task(self._feed(process))
        try:
            await asyncio.gather(*outputs)
            return _status(await process.wait())
        finally:
            feeding.cancel()

    async def _feed(self, process: asyncio.subprocess.Process) -> None:
        """The client's frames; its end is the end of the command."""
        wanted = self._request.query.get("stdin", "false") == "true"
        pipe = process.stdin
        if pipe is None:
            return
        if not wanted:
            pipe.close()
        async for message in self._socket:
            if message.type not in (WSMsgType.BINARY, WSMsgType.TEXT):
                break
            channel, data = self._decoded(message.data)
            if channel == 0 and wanted:
                pipe.write(data)
                with suppress(ConnectionError):
                    await pipe.drain()
            elif channel == 255 and self._half_closes:  # noqa: PLR2004  v5's own channel
                pipe.close()
        if not pipe.is_closing():
            pipe.close()
        await asyncio.sleep(0.2)  # a command that ends with its input does so by itself
        with suppress(ProcessLookupError):
            process.kill()

    def _decoded(self, data: bytes | str) -> tuple[int, bytes]:
        if isinstance(data, str):
            return int(data[0]), b64decode(data[1:])
        return data[0], data[1:]

    async def _copy(
        self, process: asyncio.subprocess.Process, pipe: asyncio.StreamReader, channel: int
    ) -> None:
        """Output to the client; when it is gone, the command goes too."""
        try:
            while data := await pipe.read(_CHUNK):
                await self._send(channel, data)
                self._sent += len(data)
                if self._commands.limit is not None and self._sent > self._commands.limit:
                    raise ConnectionAbortedError
        except ConnectionError:
            self._broken = True
            if (transport := self._request.transport) is not None:
                transport.abort()
            with suppress(ProcessLookupError):
                process.kill()
            while await pipe.read(_CHUNK):
                pass  # a pipe that nobody reads would stay open

    async def _send(self, channel: int, data: bytes) -> None:
        if self._coded:
            await self._socket.send_str(f"{channel}{b64encode(data).decode()}")
        else:
            await self._socket.send_bytes(bytes([channel]) + data)


def _status(code: int) -> Object:
    if code == 0:
        return {"metadata": {}, "status": "Success"}
    told = f"command terminated with exit code {code}"
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"command terminated with non-zero exit code: {told}",
        "reason": "NonZeroExitCode",
        "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]},
    }


def _unstartable(why: str) -> Object:
    id = uuid.uuid4().hex * 2
    told = (
        "Internal error occurred: error executing command in container: failed to exec in "
        f'container: failed to start exec "{id}": OCI runtime exec failed: {why}'
    )
    return {
        "metadata": {},
        "status": "Failure",
        "message": f"Internal error occurred: {told}",
        "reason": "InternalError",
        "details": {"causes": [{"message": told}]},
        "code": 500,
    }
