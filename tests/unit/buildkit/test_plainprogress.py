"""BuildKit's plain progress, read back into events."""

from envdplan.clients.buildkit.plainprogress import PlainProgress
from envdplan.clients.buildkit.progress import Log, Progress, Vertex

TEXT = f"""
#1 docker-image://r/x:1
#1 CACHED

#2 [1/2] RUN make
#2 0.123 compiling
#2 DONE 0.5s
#3 exporting to image
#3 exporting manifest sha256:1111111111111111111111111111111111111111111111111111111111111111 done
#3 pushing manifest for r/y:1@sha256:{"2" * 64}
#3 DONE 0.0s
#4 [2/2] RUN false
#4 ERROR: exit code: 1
level=info msg="not a line of BuildKit"
"""


def events() -> tuple[list[Progress], str | None]:
    progress = PlainProgress()
    found = [event for line in TEXT.splitlines() for event in progress.feed(line)]
    return found, progress.digest


def test_steps_begin_and_end() -> None:
    found, _ = events()
    vertexes = [one for one in found if isinstance(one, Vertex)]
    told = [(v.name, v.completed is not None, v.cached, v.error) for v in vertexes]
    assert told == [
        ("docker-image://r/x:1", False, False, ""),
        ("docker-image://r/x:1", True, True, ""),
        ("[1/2] RUN make", False, False, ""),
        ("[1/2] RUN make", True, False, ""),
        ("exporting to image", False, False, ""),
        ("exporting to image", True, False, ""),
        ("[2/2] RUN false", False, False, ""),
        ("[2/2] RUN false", True, False, "exit code: 1"),
    ]


def test_lines_of_a_step_are_its_log() -> None:
    found, _ = events()
    assert [one for one in found if isinstance(one, Log)] == [Log("2", 1, b"compiling\n")]


def test_the_digest_is_the_one_that_was_pushed() -> None:
    assert events()[1] == "sha256:" + "2" * 64
