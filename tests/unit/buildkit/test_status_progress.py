"""Status messages become progress."""

from envdplan.clients.buildkit import progress as data
from envdplan.clients.buildkit.progress import Log, Status, Vertex
from envdplan.clients.buildkit.proto import control_pb2 as pb
from envdplan.clients.buildkit.status import progress


def test_all_kinds_come_in_the_order_that_they_refer_to_each_other() -> None:
    response = pb.StatusResponse(
        warnings=[
            {
                "vertex": "v",
                "short": b"gr\xc3\xbcn \xff",
                "detail": [b"a", b"b"],
                "url": "u",
                "info": {"filename": "Dockerfile"},
                "ranges": [{"start": {"line": 3}}],
            }
        ],
        logs=[{"vertex": "v", "stream": 1, "msg": b"\xff\n"}],
        statuses=[{"ID": "transfer", "vertex": "v", "current": 5, "total": 9}],
        vertexes=[
            {
                "digest": "v",
                "name": "RUN",
                "started": {"seconds": 10, "nanos": 500_000_000},
                "cached": True,
                "error": "e",
            }
        ],
    )
    assert list(progress(response)) == [
        Vertex("v", "RUN", 10.5, None, True, "e"),
        Status("v", "transfer", 5, 9, False),
        Log("v", 1, b"\xff\n"),
        data.Warning("v", "grün \ufffd", ("a", "b"), "u", "Dockerfile", 3),
    ]


def test_what_has_ended_is_completed() -> None:
    response = pb.StatusResponse(
        vertexes=[{"digest": "v", "completed": {"seconds": 1}}],
        statuses=[{"ID": "s", "completed": {"seconds": 1}}],
        warnings=[{"vertex": "v"}],
    )
    vertex, status, warning = progress(response)
    assert vertex == Vertex("v", "", None, 1.0, False, "")
    assert status == Status("", "s", 0, 0, True)
    assert warning == data.Warning("v", "", (), "", "", 0)
