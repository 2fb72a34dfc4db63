"""Messages in both directions as data: requests out; errors and their places in."""

import base64
import json
import subprocess
import sys

import pytest
from google.protobuf.any_pb2 import Any as Detail

from envdplan.clients.buildkit import details, errors
from envdplan.clients.buildkit.excerpt import Excerpt
from envdplan.clients.buildkit.proto.errdefs_pb2 import Source, Vertex
from envdplan.clients.buildkit.proto.status_pb2 import Status
from envdplan.clients.buildkit.request import CacheEntry, Export, SolveRequest
from envdplan.clients.buildkit.solverequest import message
from envdplan.ground.diagnostics import Refused, Unreachable

TEXT = "".join(f"line {n}\n" for n in range(1, 8))


def test_a_request_carries_what_it_was_given() -> None:
    request = SolveRequest(
        "dockerfile.v0",
        {"target": "x"},
        entitlements=("network.host",),
        cache_exports=(CacheEntry("inline", {}),),
    )
    made = message(request, "the-ref", "the-session")
    assert (made.Ref, made.Session, made.Frontend) == ("the-ref", "the-session", "dockerfile.v0")
    assert dict(made.FrontendAttrs) == {"target": "x"}
    assert list(made.Entitlements) == ["network.host"]
    assert [one.Type for one in made.Cache.Exports] == ["inline"]
    assert (made.ExporterDeprecated, len(made.Exporters)) == ("", 0)


def test_cache_imports_are_told_to_the_frontend_too() -> None:
    entry = CacheEntry("registry", {"ref": "r/cache"})
    made = message(SolveRequest("f", {}, cache_imports=(entry,)), "r", "s")
    assert [(one.Type, dict(one.Attrs)) for one in made.Cache.Imports] == [
        ("registry", {"ref": "r/cache"})
    ]
    told = json.loads(made.FrontendAttrs["cache-imports"])
    assert told == [{"Type": "registry", "Attrs": {"ref": "r/cache"}}]


def test_the_first_export_is_in_the_old_field() -> None:
    exports = (Export("tar", {"a": "b"}), Export("image"))
    made = message(SolveRequest("f", {}, exports=exports), "r", "s")
    assert made.ExporterDeprecated == "tar"
    assert dict(made.ExporterAttrsDeprecated) == {"a": "b"}
    assert [one.Type for one in made.Exporters] == ["tar", "image"]


@pytest.mark.parametrize(
    ("first", "last", "shown"),
    [
        (1, 1, ">>> 1 2 3"),
        (4, 5, "2 3 >>> 4 >>> 5 6 7"),
        (7, 9, "5 6 >>> 7"),
    ],
)
def test_an_excerpt_shows_two_lines_around(first: int, last: int, shown: str) -> None:
    head, *lines = str(Excerpt("Dockerfile", first, last, TEXT)).splitlines()
    assert head == f"Dockerfile:{first}"
    words = " ".join(line.partition("|")[2].replace("line", "") for line in lines)
    assert words.split() == shown.split()


def status(*found: tuple[str, bytes]) -> bytes:
    prefix = "github.com/moby/buildkit/"
    made = Status(details=[Detail(type_url=prefix + name, value=value) for name, value in found])
    return made.SerializeToString()


def test_details_are_read_as_json_and_as_protobuf() -> None:
    source = Source(info={"filename": "D", "data": b"FROM x\n"}, ranges=[{"start": {"line": 1}}])
    as_json = {
        "info": {"filename": "D", "data": base64.b64encode(b"FROM x\n").decode(), "new": 1},
        "ranges": [{"start": {"line": 1, "character": 3}, "end": {"line": 1}}],
    }
    for vertex, place in (
        (b'{"digest": "sha256:1"}', json.dumps(as_json).encode()),
        (Vertex(digest="sha256:1").SerializeToString(), source.SerializeToString()),
    ):
        parsed = details.parse(
            status(("errdefs.Vertex+json", vertex), ("errdefs.Source+json", place))
        )
        assert details.step(parsed) == "sha256:1"
        assert details.excerpt(parsed) == Excerpt("D", 1, 1, "FROM x\n")


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xff",
        status(("errdefs.Vertex+json", b"{"), ("errdefs.Source+json", b"\xff")),
        status(("errdefs.Source+json", b"{}"), ("stack.Stack+json", b'{"frames": []}')),
    ],
)
def test_broken_or_unknown_details_say_nothing(content: bytes) -> None:
    parsed = details.parse(content)
    assert (details.step(parsed), details.excerpt(parsed)) == ("", None)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("UNAVAILABLE", Unreachable),
        ("DEADLINE_EXCEEDED", Unreachable),
        ("UNIMPLEMENTED", Refused),
        ("PERMISSION_DENIED", Refused),
    ],
)
def test_a_failed_call_is_no_answer_or_a_no(code: str, kind: type[Exception]) -> None:
    error = errors.translate(errors.Failure(code, "why"), "tcp://b:1")
    assert isinstance(error, kind)
    assert "tcp://b:1: why" in error.detail


def test_the_reason_of_a_failed_connection_is_left_of_grpcs_words() -> None:
    words = "failed to connect to all addresses; last error: UNKNOWN: ipv4:1.2.3.4:5: refused"
    assert "tcp://b:1: ipv4:1.2.3.4:5: refused. " in errors.unreachable(words, "tcp://b:1").detail
    assert "ssh://b: No route. Check" in errors.unreachable("No route.\n", "ssh://b").detail


def test_a_failed_build_tells_step_output_and_place() -> None:
    failed = errors.BuildFailed("exit code: 1", "RUN false", Excerpt("D", 1, 1, "RUN false"), "no")
    assert failed.detail.splitlines() == [
        "exit code: 1",
        "in the step RUN false",
        "no",
        "D:1",
        "   1 | >>> RUN false",
    ]


def test_the_contracts_are_imported_without_grpc() -> None:
    code = (
        "import sys, envdplan.clients.buildkit.request, envdplan.clients.buildkit.progress, "
        "envdplan.clients.buildkit.session.services, envdplan.clients.buildkit.errors, "
        "envdplan.clients.buildkit.client, "
        "envdplan.clients.buildkit.wire.dial; "
        "print([m for m in ('grpc', 'google.protobuf', 'ssl', 'hpack') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
