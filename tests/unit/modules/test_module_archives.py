"""Archives are taken apart without trust."""

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from envdplan.ground.diagnostics import Refused
from envdplan.modules.archives import extract
from envdplan.modules.tree import Limits, Tree

Member = tuple[tarfile.TarInfo, bytes]


def info(
    name: str, type: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644
) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode = type, link, mode
    return made


def tar(path: Path, *members: tarfile.TarInfo | tuple[tarfile.TarInfo, bytes]) -> Path:
    kind = {".gz": "gz", ".tgz": "gz", ".xz": "xz", ".bz2": "bz2"}.get(path.suffix, "")
    with tarfile.open(path, f"w:{kind}") as archive:  # type: ignore[call-overload]
        for one in members:
            member, content = one if isinstance(one, tuple) else (one, b"")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def zipped(path: Path, *members: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            archive.writestr(member, content)
    return path


def unix(name: str, mode: int) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.create_system, made.external_attr = 3, mode << 16
    return made


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "in" / "root"
    made.mkdir(parents=True)
    return made


def take(archive: Path, root: Path, limits: Limits | None = None) -> None:
    tree = Tree(root, limits or Limits())
    extract(archive, archive.name, tree)
    tree.finish()


def new_folder(within: Path) -> Path:
    made = within / str(len(list(within.iterdir())))
    made.mkdir()
    return made


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2"])
def test_tar_archives_are_taken_apart(tmp_path: Path, root: Path, suffix: str) -> None:
    take(
        tar(
            tmp_path / f"m{suffix}",
            info("m/", tarfile.DIRTYPE),
            (info("m/envdplan.hcl"), b"x" * 100_000),
            (info("m/run", mode=0o4755), b"#!"),
            info("m/again", tarfile.LNKTYPE, "m/run", 0o755),
            info("m/link", tarfile.SYMTYPE, "envdplan.hcl"),
            (info("m/" + "long" * 60), b"long"),
        ),
        root,
    )
    assert (root / "m/link").read_bytes() == b"x" * 100_000
    assert (root / "m/again").read_bytes() == b"#!"
    assert stat.S_IMODE((root / "m/run").stat().st_mode) & 0o4111 == 0o111
    assert (root / "m" / ("long" * 60)).read_bytes() == b"long"


def test_several_xz_streams_are_one_archive(tmp_path: Path, root: Path) -> None:
    import lzma

    plain = tar(tmp_path / "m.tar", (info("a"), b"x" * 5000)).read_bytes()
    parts = [lzma.compress(plain[:3000]), lzma.compress(plain[3000:])]
    (tmp_path / "m.tar.xz").write_bytes(b"".join(parts) + b"\0" * 4)
    take(tmp_path / "m.tar.xz", root)
    assert (root / "a").read_bytes() == b"x" * 5000


def test_zip_archives_are_taken_apart(tmp_path: Path, root: Path) -> None:
    take(
        zipped(
            tmp_path / "m.zip",
            ("m/", b""),
            ("m/envdplan.hcl", b"x" * 100_000),
            (unix("m/run", stat.S_IFREG | 0o755), b"#!"),
            (unix("m/link", stat.S_IFLNK | 0o777), b"run"),
        ),
        root,
    )
    assert (root / "m/envdplan.hcl").read_bytes() == b"x" * 100_000
    assert (root / "m/link").read_bytes() == b"#!"
    assert (root / "m/run").stat().st_mode & stat.S_IXUSR


HOSTILE = {
    "above": (info("../x"),),
    "absolute": (info("/tmp/envdplan-absolute"),),
    "symlink out": (info("l", tarfile.SYMTYPE, "../../x"),),
    "symlink absolute": (info("l", tarfile.SYMTYPE, "/etc/passwd"),),
    "through symlink": (info("l", tarfile.SYMTYPE, ".."), info("l/x")),
    "hardlink out": (info("h", tarfile.LNKTYPE, "../../secret"),),
    "hardlink absolute": (info("h", tarfile.LNKTYPE, "/etc/passwd"),),
    "hardlink to link": (info("l", tarfile.SYMTYPE, "a"), info("h", tarfile.LNKTYPE, "l")),
    "character device": (info("d", tarfile.CHRTYPE),),
    "block device": (info("d", tarfile.BLKTYPE),),
    "pipe": (info("p", tarfile.FIFOTYPE),),
    "unknown": (info("u", b"Z"), info("u", tarfile.CONTTYPE)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_tar_writes_nothing_outside(tmp_path: Path, root: Path, name: str) -> None:
    (tmp_path / "secret").write_text("secret")
    archive = tar(tmp_path / "m.tar.gz", *HOSTILE[name])
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Refused):
        take(archive, root)
    written = set(tmp_path.rglob("*")) - set(before)
    assert all(root in one.parents for one in written)
    assert not Path("/tmp/envdplan-absolute").exists()


@pytest.mark.parametrize(
    "member",
    [
        ("../x", b""),
        ("/tmp/envdplan-absolute", b""),
        (unix("l", stat.S_IFLNK | 0o777), b"../../x"),
        (unix("l", stat.S_IFLNK | 0o777), b"x" * 5000),
        (unix("d", stat.S_IFCHR | 0o666), b""),
        (unix("p", stat.S_IFIFO | 0o666), b""),
    ],
)
def test_a_hostile_zip_writes_nothing_outside(
    tmp_path: Path, root: Path, member: tuple[zipfile.ZipInfo | str, bytes]
) -> None:
    archive = zipped(tmp_path / "m.zip", member)
    with pytest.raises(Refused, match="Unsafe module"):
        take(archive, root)
    assert not list(root.parent.glob("x"))


def test_a_bomb_is_stopped(tmp_path: Path, root: Path) -> None:
    limits = Limits(members=10, size=1000)
    small = (info("a"), b"\0" * 100_000)
    for archive in (
        tar(tmp_path / "a.tar.gz", small),
        zipped(tmp_path / "a.zip", ("a", b"\0" * 100_000)),
        tar(tmp_path / "b.tar.xz", *((info(f"{n}"), b"\0" * 300) for n in range(5))),
        zipped(tmp_path / "b.zip", *((f"z{n}", b"\0" * 300) for n in range(5))),
        tar(tmp_path / "c.tar", *(info(f"m{n}") for n in range(20))),
        zipped(tmp_path / "c.zip", *((f"m{n}", b"") for n in range(20))),
    ):
        with pytest.raises(Refused, match="Unsafe module"):
            take(archive, root, limits)
        assert sum(one.stat().st_size for one in root.rglob("*")) <= 3 * limits.size


def test_a_stream_of_zeros_behind_the_members_is_stopped(tmp_path: Path, root: Path) -> None:
    import gzip

    plain = tar(tmp_path / "m.tar", info("a")).read_bytes()[:512]
    header = info("b")
    header.size = 10_000_000
    with gzip.open(tmp_path / "m.tgz", "wb") as file:
        file.write(plain + header.tobuf() + b"\0" * 10_000_000)
    with pytest.raises(Refused, match="more bytes than a module may have"):
        take(tmp_path / "m.tgz", root, Limits(size=1000, members=1))


def test_a_member_that_claims_to_be_too_large_is_not_begun(tmp_path: Path, root: Path) -> None:
    header = info("a")
    header.size = 2000
    (tmp_path / "m.tar").write_bytes(header.tobuf() + b"x" * 2048)
    with pytest.raises(Refused, match="larger than it may be"):
        take(tmp_path / "m.tar", root, Limits(size=1000))
    assert list(root.iterdir()) == []


def test_a_long_header_is_not_read_into_memory(tmp_path: Path, root: Path) -> None:
    for type in (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME):
        archive = tar(tmp_path / "m.tar", (info("h", type), b"x" * (1024 * 1024 + 1)), info("a"))
        with pytest.raises(Refused, match="a header that is too long"):
            take(archive, root)


def test_a_sparse_file_is_refused(tmp_path: Path, root: Path) -> None:
    sparse = info("s")
    sparse.pax_headers = {
        "GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "s",
        "GNU.sparse.realsize": "1000000000000",
    }  # fmt: skip
    content = b"1\n999999999999\n1\n".ljust(512, b"\0") + b"x"
    with pytest.raises(Refused, match="larger than it may be"):
        take(tar(tmp_path / "m.tar", (sparse, content)), root)


def test_a_zip_whose_directory_fills_the_memory_is_refused(tmp_path: Path, root: Path) -> None:
    archive = zipped(tmp_path / "m.zip", ("a", b""))
    data = bytearray(archive.read_bytes())
    at = data.rfind(b"PK\5\6")
    data[at + 12 : at + 16] = (9 * 1024 * 1024).to_bytes(4, "little")
    archive.write_bytes(data)
    with pytest.raises(Refused, match="more files than a module may have"):
        take(archive, root)
    archive.write_bytes(bytes(data[:at]) + b"PK\6\7" + b"\0" * 16 + bytes(data[at:]))
    data[at + 12 : at + 16] = (46).to_bytes(4, "little")
    archive.write_bytes(bytes(data[:at]) + b"PK\6\7" + b"\0" * 16 + bytes(data[at:]))
    with pytest.raises(Refused, match="more than 4 GiB"):
        take(archive, root)


def test_an_encrypted_or_unusual_zip_is_refused(tmp_path: Path, root: Path) -> None:
    archive = zipped(tmp_path / "m.zip", ("a", b"x"))
    data = bytearray(archive.read_bytes())
    data[6] |= 1
    data[data.rfind(b"PK\1\2") + 8] |= 1
    archive.write_bytes(data)
    with pytest.raises(Refused, match="encrypted"):
        take(archive, root)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_LZMA) as made:
        made.writestr("a", b"x")
    with pytest.raises(Refused, match="unusual compression"):
        take(archive, root)


@pytest.mark.parametrize("name", ["m.tar.gz", "m.tar.xz", "m.tar.bz2", "m.tar", "m.zip"])
def test_what_is_broken_or_no_archive_is_told(tmp_path: Path, root: Path, name: str) -> None:
    path = tmp_path / name
    make: Callable[[], Path] = (
        (lambda: zipped(path, ("a", bytes(range(256)) * 200)))
        if name.endswith(".zip")
        else lambda: tar(path, (info("a"), bytes(range(256)) * 200))
    )
    whole = make().read_bytes()
    for data in (b"", b"<html>Not found</html>" * 100, whole[: len(whole) // 2]):
        path.write_bytes(data)
        with pytest.raises(Refused, match="Archive cannot be read"):
            take(path, new_folder(root))
