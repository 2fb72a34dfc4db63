"""Credentials from Docker's own files: read anew at each call, since tokens expire."""

import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Final

from envdplan.clients.registry.credentials.credential import Credential
from envdplan.clients.registry.credentials.dockerconfig import DockerConfig, decode
from envdplan.clients.registry.credentials.helper import TIMEOUT, ask_helper
from envdplan.ground.diagnostics import CorruptFile, Unreachable
from envdplan.ground.imagenames import DOCKER_HUB, canonical_host
from envdplan.ground.reading import read_regular
from envdplan.ground.silence import Silence

HUB_SERVER: Final = "https://index.docker.io/v1/"
"""The name under which Docker's clients keep Docker Hub's credentials (docker/cli, registry)."""


class DockerCredentials:
    """What `docker login` left behind: config.json, credential helpers, DOCKER_AUTH_CONFIG.

    The order is that of Docker's command line: DOCKER_AUTH_CONFIG (since 28.3), the host's
    helper, the common helper. Where a helper has nothing, the file's own entry counts.
    """

    def __init__(
        self,
        environment: Mapping[str, str] = os.environ,
        *,
        directory: Path | None = None,
        helper_timeout: float = TIMEOUT,
        silence: Silence | None = None,
    ) -> None:
        self._environment = environment
        self.directory = directory or docker_directory(environment)
        self._helper_timeout = helper_timeout
        # Helpers were seen to hang when asked in parallel (docker/cli#1862).
        self._one_helper = Lock()
        self._silence = silence or Silence()

    def for_host(self, host: str) -> Credential | None:
        """The credential for `host`, or None for anonymous use.

        Raises CorruptFile for a broken config.json, Unreachable for a failing helper.
        """
        server = HUB_SERVER if canonical_host(host) == DOCKER_HUB else host
        if found := self._from_environment().credential(server):
            return found
        config = self._from_file()
        return self._from_helper(config, server) or config.credential(server)

    def _from_helper(self, config: DockerConfig, server: str) -> Credential | None:
        suffix = config.helper(server)
        if suffix is None:
            return None
        who = f"docker-credential-{suffix} {server}"
        with self._one_helper:
            self._silence.check(who)
            try:
                return ask_helper(suffix, server, self._environment, timeout=self._helper_timeout)
            except Unreachable as error:
                raise self._silence.keep(who, error) from None

    def _from_environment(self) -> DockerConfig:
        text = self._environment.get("DOCKER_AUTH_CONFIG")
        return decode(text, "DOCKER_AUTH_CONFIG") if text else DockerConfig("DOCKER_AUTH_CONFIG")

    def _from_file(self) -> DockerConfig:
        path = self.directory / "config.json"
        try:
            return decode(read_regular(path).decode(), str(path))
        except (FileNotFoundError, NotADirectoryError):
            return DockerConfig(str(path))
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise CorruptFile(
                "Docker configuration file cannot be read",
                f"The file {path} holds Docker's registry credentials and cannot be used: "
                f"{why}. Make it readable, or set DOCKER_CONFIG to another directory.",
            ) from None


def docker_directory(environment: Mapping[str, str]) -> Path:
    """The directory of Docker's config.json: $DOCKER_CONFIG, else ~/.docker."""
    if directory := environment.get("DOCKER_CONFIG"):
        return Path(directory)
    home = environment.get("HOME")
    return (Path(home) if home else Path.home()) / ".docker"
