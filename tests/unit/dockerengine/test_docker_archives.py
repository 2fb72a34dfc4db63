import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdplan.clients.docker.archives import FileContent, pack, unpack_file
from envdplan.ground.diagnostics import Refused

NAMES = st.text("abc.", min_size=1).filter(lambda name: name.strip("."))


def members(archive: bytes) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        return {entry.name: entry for entry in opened}


def archive_of(*entries: tarfile.TarInfo, data: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as opened:
        for entry in entries:
            opened.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def test_directories_come_before_their_files_and_all_belong_to_root() -> None:
    files = {
        "buildkit/certs/r/ca.pem": FileContent(b"c"),
        "buildkit/buildkitd.toml": FileContent(b"t", 0o600),
    }
    found = members(pack(files))
    assert list(found) == [
        "buildkit",
        "buildkit/buildkitd.toml",
        "buildkit/certs",
        "buildkit/certs/r",
        "buildkit/certs/r/ca.pem",
    ]
    assert {(entry.uid, entry.gid, entry.mtime) for entry in found.values()} == {(0, 0, 0)}
    assert found["buildkit"].mode == 0o755
    assert found["buildkit/buildkitd.toml"].mode == 0o600


def test_equal_files_give_equal_bytes() -> None:
    one = {"b": FileContent(b"1"), "a": FileContent(b"2")}
    assert pack(one) == pack(dict(reversed(one.items())))


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", ""])
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="not a relative path"):
        pack({path: FileContent(b"")})


def test_contents_are_not_in_the_representation() -> None:
    assert "secret" not in repr(FileContent(b"secret"))


@given(NAMES, st.binary(max_size=2000), st.integers(1, 700))
def test_a_packed_file_is_unpacked_from_any_chunks(name: str, data: bytes, size: int) -> None:
    raw = pack({name: FileContent(data)})
    chunks = [raw[at : at + size] for at in range(0, len(raw), size)]
    assert unpack_file(chunks, 2000) == data


def test_a_symbolic_link_is_refused() -> None:
    link = tarfile.TarInfo("x")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/shadow"
    with pytest.raises(Refused, match="not a regular file"):
        unpack_file([archive_of(link)], 100)


def test_a_directory_is_refused() -> None:
    directory = tarfile.TarInfo("x")
    directory.type = tarfile.DIRTYPE
    with pytest.raises(Refused, match="not a regular file"):
        unpack_file([archive_of(directory)], 100)


def test_a_long_file_is_refused_by_its_header() -> None:
    entry = tarfile.TarInfo("x")
    entry.size = 101
    with pytest.raises(Refused, match="longer than 100 bytes"):
        unpack_file([archive_of(entry, data=b"x" * 101)], 100)


def test_an_endless_archive_is_not_read_to_its_end() -> None:
    def endless() -> object:
        while True:
            yield b"\0" * 65536

    with pytest.raises(Refused, match="longer than 100 bytes"):
        unpack_file(endless(), 100)  # type: ignore[arg-type]  # a generator is fine


@pytest.mark.parametrize("raw", [b"", b"no archive at all" * 100])
def test_a_damaged_archive_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused):
        unpack_file([raw], 100)


def test_a_truncated_file_is_refused() -> None:
    raw = pack({"x": FileContent(b"x" * 1000)})
    with pytest.raises(Refused):
        unpack_file([raw[:900]], 1000)


def test_an_archive_has_nothing_behind_its_end() -> None:
    data = pack({"etc/a": FileContent(b"x" * 700)})
    head, content = 512, 1024
    assert len(data) == head + head + content + 1024  # folder, file, its blocks, two empty ones
    assert data[-1024:] == bytes(1024)
    assert members(data)
