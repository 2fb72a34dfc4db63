"""Local caches: the content service over a session, and the index beside it."""

import hashlib
import json
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import grpc
import pytest

from envdplan.clients.buildkit.proto import content_pb2 as pb
from envdplan.clients.buildkit.request import CacheEntry, SolveRequest
from envdplan.clients.buildkit.session import localcache
from envdplan.clients.buildkit.session.content import STORE_HEADER, content_services
from envdplan.clients.buildkit.session.session import Session
from envdplan.clients.buildkit.wire.transport import SocketTransport
from envdplan.ground.diagnostics import CorruptFile, Refused

SERVICE = "/containerd.services.content.v1.Content/"
DATA = b"0123456789"
DIGEST = "sha256:" + hashlib.sha256(DATA).hexdigest()


class Builder:
    """Calls the content service as a builder does."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel
        self.metadata = ((STORE_HEADER, "local:/cache"),)

    def size(self, digest: str) -> int:
        call = self.channel.unary_unary(
            f"{SERVICE}Info", pb.InfoRequest.SerializeToString, pb.InfoResponse.FromString
        )
        response = call(pb.InfoRequest(digest=digest), metadata=self.metadata, timeout=10)
        return int(response.info.size)

    def read(self, offset: int = 0, size: int = 0) -> bytes:
        call = self.channel.unary_stream(
            f"{SERVICE}Read",
            pb.ReadContentRequest.SerializeToString,
            pb.ReadContentResponse.FromString,
        )
        request = pb.ReadContentRequest(digest=DIGEST, offset=offset, size=size)
        return b"".join(one.data for one in call(request, metadata=self.metadata, timeout=10))

    def write(self, *requests: pb.WriteContentRequest) -> list[pb.WriteContentResponse]:
        call = self.channel.stream_stream(
            f"{SERVICE}Write",
            pb.WriteContentRequest.SerializeToString,
            pb.WriteContentResponse.FromString,
        )
        return list(call(iter(requests), metadata=self.metadata, timeout=10))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def builder(store: Path, tmp_path: Path) -> Iterator[Builder]:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    sessions: list[Session] = []

    def accept() -> None:
        transport = SocketTransport(listener.accept()[0])
        sessions.append(Session(transport, content_services({"local:/cache": store})))
        sessions[0].start()

    thread = threading.Thread(target=accept)
    thread.start()
    with grpc.insecure_channel(f"unix:{tmp_path / 's'}") as channel:
        yield Builder(channel)
    thread.join()
    sessions[0].close()
    listener.close()


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code().name


def written(builder: Builder) -> list[pb.WriteContentResponse]:
    return builder.write(
        pb.WriteContentRequest(action=pb.STAT, ref="r", total=10, expected=DIGEST),
        pb.WriteContentRequest(action=pb.WRITE, data=DATA[:4]),
        pb.WriteContentRequest(action=pb.WRITE, data=DATA[4:], offset=4),
        pb.WriteContentRequest(action=pb.COMMIT, total=10, offset=10, expected=DIGEST),
    )


def test_a_written_blob_can_be_read(builder: Builder, store: Path) -> None:
    responses = written(builder)
    assert [one.offset for one in responses] == [0, 4, 10, 10]
    assert responses[-1].digest == DIGEST
    assert builder.size(DIGEST) == 10
    assert builder.read() == DATA
    assert (builder.read(3, 4), builder.read(8, 100), builder.read(10)) == (b"3456", b"89", b"")
    assert list((store / "ingest").iterdir()) == []


def test_a_blob_that_is_there_is_not_written_again(builder: Builder) -> None:
    written(builder)
    assert refused(lambda: written(builder)) == "ALREADY_EXISTS"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (pb.WriteContentRequest(action=pb.COMMIT, data=DATA, total=9), "FAILED_PRECONDITION"),
        (
            pb.WriteContentRequest(action=pb.COMMIT, data=b"other", expected=DIGEST),
            "FAILED_PRECONDITION",
        ),
        (pb.WriteContentRequest(action=pb.WRITE, data=DATA, offset=3), "OUT_OF_RANGE"),
        (
            pb.WriteContentRequest(action=pb.COMMIT, expected="sha256:../../../etc/passwd"),
            "INVALID_ARGUMENT",
        ),
    ],
)
def test_what_does_not_fit_is_not_kept(
    builder: Builder, store: Path, request_: pb.WriteContentRequest, code: str
) -> None:
    assert refused(lambda: builder.write(request_)) == code
    assert [one for one in store.rglob("*") if one.is_file()] == []


def test_a_write_that_breaks_leaves_nothing(builder: Builder, store: Path) -> None:
    builder.write(pb.WriteContentRequest(action=pb.WRITE, ref="r", data=DATA))
    assert [one for one in store.rglob("*") if one.is_file()] == []


def test_a_write_from_the_start_begins_anew(builder: Builder) -> None:
    builder.write(
        pb.WriteContentRequest(action=pb.WRITE, ref="r", data=b"wrong"),
        pb.WriteContentRequest(action=pb.WRITE, data=DATA),
        pb.WriteContentRequest(action=pb.COMMIT, offset=10, expected=DIGEST),
    )
    assert builder.read() == DATA


@pytest.mark.parametrize("digest", ["", "sha256:..", "md5:00", "sha256:" + "g" * 64, DIGEST + "/"])
def test_no_digest_leads_out_of_the_store(builder: Builder, digest: str) -> None:
    assert refused(lambda: builder.size(digest)) == "INVALID_ARGUMENT"


def test_what_is_not_there_is_not_found(builder: Builder) -> None:
    assert refused(lambda: builder.size(DIGEST)) == "NOT_FOUND"
    assert refused(builder.read) == "NOT_FOUND"


@pytest.mark.parametrize("content", [b"s3cr3t", DATA])
@pytest.mark.parametrize("link", ["blobs", "blobs/sha256", "blobs/sha256/NAME"])
def test_a_link_counts_only_for_the_very_content(
    builder: Builder, store: Path, tmp_path: Path, link: str, content: bytes
) -> None:
    place, elsewhere = Path("blobs", "sha256", DIGEST[7:]), tmp_path / "elsewhere"
    (elsewhere / place).parent.mkdir(parents=True)
    (elsewhere / place).write_bytes(content)
    link = link.replace("NAME", DIGEST[7:])
    (store / link).parent.mkdir(parents=True)
    (store / link).symlink_to(elsewhere / link)
    if content == DATA:  # some tools make layouts of links
        assert (builder.size(DIGEST), builder.read(3)) == (10, DATA[3:])
    else:
        assert refused(lambda: builder.size(DIGEST)) == "NOT_FOUND"
        assert refused(builder.read) == "NOT_FOUND"


def test_a_pipe_is_no_blob(builder: Builder, store: Path) -> None:
    place = store / "blobs" / "sha256" / DIGEST[7:]
    place.parent.mkdir(parents=True)
    os.mkfifo(place)
    assert refused(builder.read) == "NOT_FOUND"


def test_a_store_that_was_not_offered_is_not_found(builder: Builder) -> None:
    written(builder)
    builder.metadata = ((STORE_HEADER, "local:/etc"),)
    assert refused(lambda: builder.size(DIGEST)) == "NOT_FOUND"


def request(imports: Iterable[CacheEntry] = (), exports: Iterable[CacheEntry] = ()) -> SolveRequest:
    return SolveRequest("f", {}, cache_imports=tuple(imports), cache_exports=tuple(exports))


def put_blob(store: Path, digest: str = DIGEST) -> None:
    path = store / "blobs" / "sha256" / digest.removeprefix("sha256:")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(DATA)


def exported(store: Path, **attributes: str) -> CacheEntry:
    return CacheEntry("local", {"dest": str(store), **attributes})


def imported(store: Path, **attributes: str) -> CacheEntry:
    return CacheEntry("local", {"src": str(store), **attributes})


def test_an_exported_cache_is_found_by_the_next_import(store: Path) -> None:
    put_blob(store)
    manifest = {"cache.manifest": json.dumps({"digest": DIGEST, "size": 10})}
    localcache.record(request(exports=[exported(store)]), manifest)
    (entry,) = localcache.prepared(request([imported(store)])).cache_imports
    assert entry.attributes["digest"] == DIGEST
    assert json.loads((store / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}


def test_tags_are_kept_beside_each_other(store: Path) -> None:
    put_blob(store)
    old, new = "sha256:" + "0" * 64, "sha256:" + "1" * 64
    for tag, digest in (("a", old), ("b", DIGEST), ("a", new)):
        put_blob(store, digest)
        manifest = {"cache.manifest": json.dumps({"digest": digest})}
        localcache.record(request(exports=[exported(store, tag=tag)]), manifest)
    index = json.loads((store / "index.json").read_text())
    assert [one["digest"] for one in index["manifests"]] == [DIGEST, new]
    assert localcache.prepared(request([imported(store, tag="b")])).cache_imports != ()


def test_a_cache_that_is_not_there_yet_is_left_out(store: Path) -> None:
    registry = CacheEntry("registry", {"ref": "r"})
    prepared = localcache.prepared(request([imported(store), registry]))
    assert prepared.cache_imports == (registry,)


def test_an_index_without_its_blob_is_left_out(store: Path) -> None:
    put_blob(store)
    manifest = {"cache.manifest": json.dumps({"digest": DIGEST})}
    localcache.record(request(exports=[exported(store)]), manifest)
    shutil.rmtree(store / "blobs")
    assert localcache.prepared(request([imported(store)])).cache_imports == ()


@pytest.mark.parametrize("told", ["{", "[]", "{}", json.dumps({"digest": DIGEST})])
def test_a_cache_that_never_came_is_not_recorded(store: Path, told: str) -> None:
    with pytest.raises(Refused, match="the cache is not in"):
        localcache.record(request(exports=[exported(store)]), {"cache.manifest": told})
    assert not (store / "index.json").exists()


@pytest.mark.parametrize("content", ["{", "[]", "\xff"])
def test_a_broken_index_says_which_file_it_is(store: Path, content: str) -> None:
    store.mkdir()
    (store / "index.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(CorruptFile) as caught:
        localcache.prepared(request([imported(store)]))
    assert str(store / "index.json") in caught.value.detail


def test_only_the_directories_of_local_caches_are_offered(tmp_path: Path) -> None:
    registry = CacheEntry("registry", {"ref": "r", "src": "/etc", "dest": "/etc"})
    both = request([imported(tmp_path / "a"), registry], [exported(tmp_path / "b"), registry])
    assert localcache.stores(both) == {f"local:{tmp_path}/b": tmp_path / "b"}
    assert localcache.layouts(both) == {f"local:{tmp_path}/a": tmp_path / "a"}
