"""ENVDPLAN_LOG: what a line holds, what it never holds, and where lines go."""

import io
import os
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from envdplan.ground import logs, logsetup
from envdplan.ground.diagnostics import EnvdplanError, Refused
from envdplan.ground.logs import Log
from envdplan.ground.values import Sensitive
from tests.unit.logged import Logged

LOG = Log("test")


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Logged]:
    found = Logged(tmp_path / "log")
    yield found
    found.end()


def test_a_call_is_told_when_it_has_ended(log: Logged) -> None:
    log.start()
    with LOG.call("GET", "https://h/v2/") as call:
        call.status = 200
    with pytest.raises(Refused), LOG.call("GET", "https://h/v2/"):
        raise Refused("A registry refuses", "the token tok-123 is wrong")
    assert log.calls() == [
        "test GET https://h/v2/ 200",
        "test GET https://h/v2/ Refused (A registry refuses)",
    ]


def test_debug_tells_when_a_call_begins_and_routine_ones(log: Logged) -> None:
    log.start("debug")
    LOG.call("GET", "/hangs")
    LOG.call("serve", "/health", routine=True).end("OK")
    assert log.calls() == [
        "test GET /hangs begins",
        "test serve /health begins",
        "test serve /health OK",
    ]


def test_routine_calls_are_not_told_at_info(log: Logged) -> None:
    log.start("INFO")
    LOG.call("serve", "/health", routine=True).end("OK")
    assert log.calls() == []


def test_the_first_lines_tell_what_runs_without_values_of_variables(log: Logged) -> None:
    words = ("plan", "-var", "a=swordfish", "--var=b=swordfish", "-set", "x.args.T=swordfish")
    log.start("info", *words, "--var-file=ci.hcl", "--out=p")
    first = [line.partition(": ")[2] for line in log.path.read_text().splitlines()]
    assert first[0].startswith("envdplan ")
    assert first[1].startswith(f"Python {sys.version_info.major}.{sys.version_info.minor}.")
    assert first[2].startswith("platform ")
    assert first[3] == (
        "command envdplan plan -var a=... --var=b=... -set x.args.T=... --var-file=ci.hcl --out=p"
    )


def test_expressions_of_the_console_are_not_told() -> None:
    words = ["-C", "dir", "console", 'sha256("swordfish")', "--json"]
    assert logs.arguments(words) == "-C dir console ... --json"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("https://me:pw@h/v2/x", "https://h/v2/x"),
        ("https://h/blob?X-Amz-Signature=abc&scope=s", "https://h/blob?scope=s&..."),
        ("https://h/blob?abcdef", "https://h/blob?..."),
        ("https://h/token?service=s&account=me", "https://h/token?service=s&..."),
        ("/containers/x/json?all=1#part", "/containers/x/json?..."),
        ("/images/create?fromImage=busybox&tag=1", "/images/create?fromImage=busybox&tag=1"),
    ],
)
def test_a_url_is_told_without_logins_and_queries(given: str, shown: str) -> None:
    assert logs.url(given) == shown


def test_a_command_is_told_without_the_values_of_its_settings() -> None:
    argv = ["git", "-c", "http.extraHeader=Basic abc", "fetch", "https://me:pw@h/x?token=abc", ""]
    assert logs.command(argv) == "git -c http.extraHeader=... fetch https://h/x?... ''"


def test_known_secrets_are_told_nowhere_not_even_quoted(log: Logged) -> None:
    log.start()
    Sensitive({"password": ("pass/word one", 1)})
    logs.hide(["first line\nsecond line", "ab"])
    LOG.write("pass/word one, pass%2Fword%20one, second line, ab, abc")
    LOG.write("Authorization: Bearer abcdefgh.ijk, Basic bWU6cHc=")
    assert log.lines() == [
        "test ..., ..., ..., ..., abc",
        "test Authorization: Bearer ..., Basic ...",
    ]


def test_what_is_sensitive_is_not_kept_without_a_log(log: Logged) -> None:
    Sensitive("swordfish")
    log.start()
    LOG.write("swordfish")
    assert log.lines() == ["test swordfish"]


def test_a_line_stays_one_line(log: Logged) -> None:
    log.start()
    LOG.write("a\nb\x1b[31m\u2028c\udc80")
    assert log.lines() == [r"test a\x0ab\x1b[31m\x2028c\xdc80"]


def test_a_failure_is_told_without_the_words_of_others(log: Logged) -> None:
    log.start()
    with pytest.raises(OSError, match="password"), LOG.call("GET", "/"):
        raise OSError("password") from ConnectionResetError("password")
    assert log.calls() == ["test GET / OSError (ConnectionResetError)"]


def test_the_file_is_for_its_owner_only_and_grows(log: Logged) -> None:
    former = os.umask(0)
    try:
        log.start()
    finally:
        os.umask(former)
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
    LOG.write("first")
    log.end()
    log.start()
    LOG.write("second")
    assert len(log.path.read_text().splitlines()) == 2 * 5


def test_lines_of_many_threads_stay_whole(log: Logged) -> None:
    log.start()

    def write() -> None:
        for _ in range(20):
            LOG.write("x" * 5000)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert log.lines() == ["test " + "x" * 5000] * 160


def test_a_word_that_is_no_level_is_told() -> None:
    with pytest.raises(EnvdplanError) as caught:
        logsetup.start({"ENVDPLAN_LOG": "verbose"}, ())
    assert caught.value.summary == "Unknown log level"
    assert '"verbose"' in caught.value.detail
    assert not logs.is_on()


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")  # nobody reads it
    for path in (tmp_path, tmp_path / "none" / "log", tmp_path / "fifo"):
        with pytest.raises(EnvdplanError) as caught:
            logsetup.start({"ENVDPLAN_LOG_FILE": str(path)}, ())
        assert caught.value.summary == "Log file cannot be opened"
        assert str(path) in caught.value.detail
    assert not logs.is_on()


def test_a_log_that_cannot_be_written_ends_and_the_rest_goes_on(
    log: Logged, capsys: pytest.CaptureFixture[str]
) -> None:
    logsetup.start({"ENVDPLAN_LOG_FILE": "/dev/full"}, ())
    LOG.write("more")
    assert capsys.readouterr().err == (
        "Warning: The log ends here, it cannot be written: No space left on device\n"
    )


def test_libraries_do_not_write_into_the_log(log: Logged) -> None:
    import logging

    log.start("debug")
    logging.getLogger("urllib3.connectionpool").debug("GET /?signature=abc")
    assert log.lines() == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("log")
def test_lines_go_above_what_moves_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    from envdplan.views.live import LiveLines

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    logsetup.start({"ENVDPLAN_LOG": "info"}, ())
    live = LiveLines(terminal, color=False)
    try:
        live.add("build.x", "Building")
        terminal.truncate(0)
        LOG.write("during")
    finally:
        live.stop()
    LOG.write("after")
    text = terminal.getvalue()
    assert "test: during\n" in text.replace("\x1b[0m", "")
    assert text.endswith("test: after\n")


@pytest.mark.usefixtures("log")
def test_a_log_on_standard_error_in_a_file_stays_off_the_terminal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from envdplan.views.live import LiveLines

    terminal = Terminal()
    with (tmp_path / "err").open("w") as errors:
        monkeypatch.setattr(sys, "stderr", errors)
        logsetup.start({"ENVDPLAN_LOG": "info"}, ())
        live = LiveLines(terminal, color=False)
        try:
            LOG.write("during")
        finally:
            live.stop()
    assert "during" not in terminal.getvalue()
    assert (tmp_path / "err").read_text().endswith("test: during\n")
