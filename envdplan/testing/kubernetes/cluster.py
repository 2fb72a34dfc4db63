"""A cluster in a thread of this process."""

import asyncio
import json
import ssl
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, Self

from aiohttp import web

from envdplan.testing.kubernetes.access import ADMIN, Access, User, admit
from envdplan.testing.kubernetes.commands import Commands, Execute
from envdplan.testing.kubernetes.controller import Controllers
from envdplan.testing.kubernetes.defaults import filled
from envdplan.testing.kubernetes.faults import Faults
from envdplan.testing.kubernetes.kinds import KINDS, NAMESPACE, POD
from envdplan.testing.kubernetes.kubelet import Kubelet
from envdplan.testing.kubernetes.objects import Objects
from envdplan.testing.kubernetes.server import Call, Server
from envdplan.testing.kubernetes.storage import Storage

Object = dict[str, Any]
_PATIENCE: Final = 10.0
_SHUTDOWN: Final = 0.02
"""Seconds in which a TLS connection may say good-bye."""

ADMIN_TOKEN: Final = "admin"  # noqa: S105  a server of tests, on loopback


def _as_it_is(pod: str, container: str, command: Sequence[str]) -> Sequence[str]:
    del pod, container
    return command


class Cluster:
    """A server on loopback, used as a context manager.

    `execute` says which local command stands for one in a pod; `version` is 1.36.2 or 1.20.2;
    `pace` is the seconds between two states of a pod; `tls` asks for HTTPS with a certificate of
    its own (needs trustme). Its default account may do everything and has the token "admin".
    """

    def __init__(
        self,
        execute: Execute = _as_it_is,
        *,
        version: str = "1.36.2",
        pace: float = 0.02,
        tls: bool = False,
        namespaces: Sequence[str] = ("default",),
    ) -> None:
        self.faults = Faults()
        self.version = version
        self._execute, self._pace, self._tls = execute, pace, tls
        self._namespaces = namespaces
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="kubernetes", daemon=True)
        self._started: Future[int] = Future()
        self._stop = asyncio.Event()
        self._access = Access(self.faults, {ADMIN_TOKEN: User(ADMIN)})
        self._authority = _Authority() if tls else None

    def __enter__(self) -> Self:
        self._thread.start()
        self._port = self._started.result(_PATIENCE)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_PATIENCE)

    # -- for clients

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._port}"

    def kubeconfig(self, *, namespace: str = "default", token: str = ADMIN_TOKEN) -> Object:
        """A kubeconfig with the context "test"."""
        server: Object = {"server": self.url}
        if self._authority is not None:
            server["certificate-authority-data"] = self._authority.encoded
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "test", "cluster": server}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [
                {
                    "name": "test",
                    "context": {"cluster": "test", "user": "test", "namespace": namespace},
                }
            ],
        }

    def write_kubeconfig(
        self, path: Path, *, namespace: str = "default", token: str = ADMIN_TOKEN
    ) -> Path:
        """Write the kubeconfig; the path again."""
        path.write_text(json.dumps(self.kubeconfig(namespace=namespace, token=token)))
        return path

    def add_user(self, name: str, token: str, rights: Sequence[tuple[str, str]]) -> None:
        """Another account; rights are a verb and a resource each, such as ("get", "pods/exec")."""
        self._access.users[token] = User(name, frozenset(rights))

    # -- for assertions

    @property
    def calls(self) -> list[Call]:
        """All requests so far."""
        return list(self._server.calls)

    @property
    def logs(self) -> dict[str, str]:
        """What pods said, by name; may be set."""
        return self._server.logs

    def objects(self, plural: str, namespace: str | None = None) -> list[Object]:
        """All objects of a kind."""
        kind = next(one for one in KINDS if one.plural == plural)

        async def look() -> list[Object]:
            return list(self._storage.list(kind, namespace))

        return asyncio.run_coroutine_threadsafe(look(), self._loop).result(_PATIENCE)

    def label_namespace(self, name: str, labels: dict[str, str]) -> None:
        """Set labels of a namespace, such as the Pod Security level."""

        async def set_labels() -> None:
            found = self._storage.get(NAMESPACE, "", name) or {}
            metadata = {**found["metadata"]}
            metadata["labels"] = {**metadata.get("labels", {}), **labels}
            self._storage.put(NAMESPACE, {**found, "metadata": metadata})

        asyncio.run_coroutine_threadsafe(set_labels(), self._loop).result(_PATIENCE)

    # -- the thread

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except BaseException as error:
            if not self._started.done():
                self._started.set_exception(error)
            raise
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        old = self.version.startswith("1.20.")
        self._storage = storage = Storage()
        for name in self._namespaces:
            body = storage.new(NAMESPACE, {"metadata": {"name": name}})
            storage.put(NAMESPACE, filled(NAMESPACE, body))
        commands = Commands(self._execute, self.faults)
        kubelet = Kubelet(storage, self.faults, self._pace, old=old)
        kubelet.ended = commands.ended
        controllers = Controllers(storage, kubelet, self._admit, self._pace)
        objects = Objects(storage, self.faults, old=old)
        self._server = Server(storage, objects, commands, self._access, self.faults, self.version)
        loop = asyncio.create_task(controllers.run())
        runner = web.AppRunner(_application(self._server), shutdown_timeout=0.1)
        await runner.setup()
        context = self._authority.context() if self._authority is not None else None
        listener = await asyncio.get_running_loop().create_server(
            _protocols(runner),
            "127.0.0.1",
            0,
            ssl=context,
            ssl_shutdown_timeout=_SHUTDOWN if context else None,
        )
        self._started.set_result(int(listener.sockets[0].getsockname()[1]))
        await self._stop.wait()
        kubelet.close()
        await commands.close()
        listener.close()
        opened = [one.transport for one in runner.server.connections] if runner.server else []
        await runner.cleanup()
        for transport in filter(None, opened):
            transport.abort()  # closing would wait for clients that read no more
        await _end(asyncio.all_tasks() - {asyncio.current_task()})
        del loop

    def _admit(self, pod: Object) -> None:
        space = self._storage.get(NAMESPACE, "", pod["metadata"]["namespace"])
        if space is not None:
            admit(POD, pod, space, self.faults)


def _application(server: Server) -> web.Application:
    application = web.Application(client_max_size=16 * 1024 * 1024)
    application.router.add_route("*", "/{path:.*}", server.handle)
    return application


def _protocols(runner: web.AppRunner) -> web.Server:
    """What makes a protocol for each connection."""
    if runner.server is None:
        raise RuntimeError("the server was not set up")
    return runner.server


async def _end(tasks: Iterable["asyncio.Task[Any] | None"]) -> None:
    """Cancel what still runs, and let connections close."""
    running = [one for one in tasks if one is not None]
    for one in running:
        one.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
    await asyncio.sleep(2 * _SHUTDOWN)


class _Authority:
    """A certificate authority, and the server's certificate."""

    def __init__(self) -> None:
        import trustme

        self._authority = trustme.CA()
        self._certificate = self._authority.issue_cert("127.0.0.1", "localhost")

    @property
    def encoded(self) -> str:
        from base64 import b64encode

        return b64encode(self._authority.cert_pem.bytes()).decode()

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._certificate.configure_cert(context)
        self._authority.configure_trust(context)
        context.verify_mode = ssl.CERT_OPTIONAL
        return context
