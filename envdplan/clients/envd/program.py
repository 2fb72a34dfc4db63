"""The real envd command: where it is, which version, and a run of it."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from envdplan.ground.diagnostics import EnvdplanError, Interrupted, Refused
from envdplan.ground.logs import Log
from envdplan.ground.logs import command as without_secrets

_LOG: Final = Log("clients.envd")
_VERSION: Final = re.compile(r"v?(\d+\.\d+\.\d+[^\s]*)")
_GRACE: Final = 10.0
"""Seconds that it has to end by itself when it is asked to."""

_SHOWN: Final = 15


def find(environment: Mapping[str, str]) -> str:
    """The path of envd: in PATH, or beside this Python. Raises EnvdplanError."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("envd", path=os.pathsep.join([environment.get("PATH", ""), beside]))
    if found is None:
        raise EnvdplanError(
            "envd is not installed",
            "Builds with `from` run the envd command, which is neither in PATH nor beside this "
            "Python. Get it with pip install 'envdplan[envd]', or pip install envd.",
        )
    return found


def version(program: str, environment: Mapping[str, str], home: Path) -> str:
    """Its version. `home` is where it may write what it writes at every start.

    Raises EnvdplanError when it does not run.
    """
    try:
        with _LOG.call("run", f"{program} version") as call:
            done = subprocess.run(
                [program, "version"],
                env=own_environment(environment, home),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            call.status = f"code {done.returncode}"
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EnvdplanError("envd cannot be run", f"{program}: {error}") from error
    match = _VERSION.search(done.stdout)
    if done.returncode or match is None:
        said = (done.stderr or done.stdout).strip()[-400:]
        raise EnvdplanError("envd cannot be run", f"`{program} version` says: {said}")
    return match.group(1)


def own_environment(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """The environment for envd in a HOME of ours; what lies in the user's is named by variable."""
    users = Path(environment.get("HOME", "/root"))
    usual = {
        "DOCKER_CONFIG": str(users / ".docker"),
        "KUBECONFIG": str(users / ".kube" / "config"),
    }
    return {**usual, **environment, "HOME": str(home), "ENVD_ANALYTICS": "false"}


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    directory: Path,
    on_line: Callable[[str], object],
    cancel: threading.Event,
) -> None:
    """Run envd to its end; `on_line` gets each line of its standard output.

    Raises Refused with its own last words, Interrupted once `cancel` is set.
    """
    call = _LOG.call("run", without_secrets(command))
    process = _started(command, environment, directory)
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(process, cancel, ended), daemon=True)
    watcher.start()
    last: list[str] = []
    try:
        for line in process.stdout or ():
            text = line.rstrip("\n")
            last = [*last[-200:], text]
            on_line(text)
        code = process.wait()
    finally:
        ended.set()
        watcher.join()
        _stop(process)
        call.end(f"code {process.returncode}")
        if process.stdout is not None:
            process.stdout.close()
    if cancel.is_set():
        raise Interrupted("Stopped while envd built", "Nothing of it was recorded.")
    if code:
        raise Refused("envd build failed", f"It ended with code {code}:\n{_told(last)}")


def _started(
    command: Sequence[str], environment: Mapping[str, str], directory: Path
) -> "subprocess.Popen[str]":
    try:
        return subprocess.Popen(
            list(command),
            cwd=directory,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise EnvdplanError("envd cannot be run", f"{command[0]}: {error}") from error


def _watch(
    process: "subprocess.Popen[str]", cancel: threading.Event, ended: threading.Event
) -> None:
    """End it when the user asks for it."""
    while not ended.wait(0.05):
        if cancel.is_set():
            _stop(process)
            return


def _stop(process: "subprocess.Popen[str]") -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _told(lines: Sequence[str]) -> str:
    """Its complaint where it makes one, else the end of what it said."""
    errors = [_message(line) for line in lines if "level=fatal" in line or "level=error" in line]
    shown = [line for line in lines if line.strip() and "level=" not in line][-_SHOWN:]
    return "\n".join([*dict.fromkeys(errors), *shown])


_ERROR: Final = re.compile(r'error="((?:[^"\\]|\\.)*)"|msg="((?:[^"\\]|\\.)*)"')


def _message(line: str) -> str:
    found = [one or other for one, other in _ERROR.findall(line)]
    text = found[0] if found else line
    return text.replace('\\"', '"').replace("\\n", "\n").replace("\\t", "  ")
