"""Where results go: no link that a result brought leads another one elsewhere."""

import os
import shutil
from pathlib import Path

import pytest

from envdplan.clients.buildkit.request import CacheEntry, Export, SolveRequest
from envdplan.clients.buildkit.session.destinations import Destination
from envdplan.clients.buildkit.session.exports import Receipts, file_send, held_targets
from envdplan.clients.buildkit.session.fsutil import (
    END_OF_STATS,
    FIN_PACKET,
    Stat,
    data_packet,
    stat_packet,
)
from envdplan.ground.diagnostics import EnvdplanError, Refused
from tests.unit.buildkit.test_file_transfer import SEND, Wire

LINK = 1 << 27


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The folder of a configuration, to which the user has a link."""
    (tmp_path / "real" / "project").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "home").symlink_to("real")
    return tmp_path / "home" / "project"


def put(destination: Destination) -> None:
    """Write a file there."""
    folder = destination.open()
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)


def test_missing_folders_are_made_when_something_comes(base: Path) -> None:
    with Destination(f"{base}/out/deep", str(base)) as destination:
        assert os.listdir(base) == []
        put(destination)
        put(destination)
    assert os.listdir(base / "out" / "deep") == ["file"]


@pytest.mark.parametrize("link", ["out", "out/deep"])
def test_a_link_below_the_configuration_is_told_and_not_followed(base: Path, link: str) -> None:
    (base / link).parent.mkdir(exist_ok=True)
    (base / link).symlink_to(base.parents[1] / "elsewhere")
    with pytest.raises(Refused, match=rf"{link} is a link to .*elsewhere"):
        Destination(f"{base}/out/deep", str(base))
    with pytest.raises(Refused):  # by whatever way one comes there
        Destination(f"{base.resolve()}/out/deep", str(base))


def test_links_above_the_configuration_are_the_users_own(base: Path) -> None:
    for path in (f"{base}/out", f"{base.parent}/other"):
        with Destination(path, str(base)) as destination:
            put(destination)
        assert (base.parents[1] / "real" / Path(path).relative_to(base.parent) / "file").exists()


@pytest.mark.parametrize("given", ["{0}", None])
def test_a_link_that_comes_meanwhile_is_not_followed(base: Path, given: str | None) -> None:
    elsewhere = base.parents[1] / "elsewhere"
    (base / "there").mkdir()
    known = None if given is None else given.format(base)
    with (
        Destination(f"{base}/missing/deep", known) as missing,
        Destination(f"{base}/there", known) as there,
    ):
        (base / "missing").symlink_to(elsewhere)
        (base / "there").rename(base / "moved")
        (base / "there").symlink_to(elsewhere)
        with pytest.raises(OSError, match="directory"):
            put(missing)
        put(there)
    assert os.listdir(elsewhere) == []
    assert os.listdir(base / "moved") == ["file"]


def test_what_is_no_folder_is_told(base: Path) -> None:
    (base / "out").write_text("")
    with pytest.raises(EnvdplanError, match="out: Not a directory"):
        Destination(f"{base}/out/deep", str(base))


def received(wire: Wire, number: str, request: SolveRequest, base: Path) -> None:
    """One result of a build, after its targets were found."""
    wire._metadata["buildkit-attachable-exporter-id"] = (number,)
    with held_targets(request, str(base)) as known:
        file_send(Receipts(known))[SEND](wire)


def test_one_output_leads_no_other_one_elsewhere(base: Path) -> None:
    request = SolveRequest(
        "dockerfile.v0",
        {},
        exports=(
            Export("local", destination=f"{base}/out"),
            Export("tar", destination=f"{base}/out/sub/files.tar"),
        ),
    )
    elsewhere = base.parents[1] / "elsewhere"
    with held_targets(request, str(base)) as known:
        services = file_send(Receipts(known))
        link = Wire(buildkit_attachable_exporter_id=("0",))
        entry = Stat(b"sub", LINK | 0o777, link=os.fsencode(elsewhere))
        for one in (stat_packet(entry), b"", FIN_PACKET):
            link.coming.put(one)
        services[SEND](link)
        assert (base / "out" / "sub").is_symlink()
        for attempt in (services, None):  # in the same build, and in a later one
            tar = Wire(buildkit_attachable_exporter_id=("1",))
            tar.coming.put(b"\x0a\x03new")
            tar.coming.put(None)
            with pytest.raises(EnvdplanError):
                attempt[SEND](tar) if attempt else received(tar, "1", request, base)
    assert os.listdir(elsewhere) == []


def test_caches_and_layouts_are_looked_at_too(base: Path) -> None:
    (base / "link").symlink_to(base.parents[1] / "elsewhere")
    place = f"{base}/link/cache"
    cache = SolveRequest("dockerfile.v0", {}, cache_exports=(CacheEntry("local", {"dest": place}),))
    layout = SolveRequest("dockerfile.v0", {}, exports=(Export("oci", {"tar": "false"}, place),))
    for request in (cache, layout):
        with pytest.raises(Refused, match="link is a link to"), held_targets(request, str(base)):
            pass
        for inner in ("blobs", "blobs/sha256", "ingest"):  # wherever the folder is
            (base / "link" / "cache" / inner).parent.mkdir(parents=True, exist_ok=True)
            (base / "link" / "cache" / inner).symlink_to("/etc")
            with pytest.raises(Refused, match=f"{inner} is a link"), held_targets(request, None):
                pass
            shutil.rmtree(base / "link" / "cache")


def test_a_result_takes_the_place_of_no_device_or_pipe(base: Path) -> None:
    os.mkfifo(base / "pipe")
    (base / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        request = SolveRequest("f", {}, exports=(Export("tar", destination=f"{base}/{name}"),))
        with (
            pytest.raises(EnvdplanError, match=f"{name}: it is a FIFO .*cacheonly"),
            held_targets(request, None),
        ):
            pytest.fail("the build would begin")
    assert (base / "pipe").is_fifo()


def test_a_pipe_that_comes_meanwhile_stays(base: Path) -> None:
    request = SolveRequest("f", {}, exports=(Export("tar", destination=f"{base}/late.tar"),))
    with held_targets(request, str(base)) as known:
        os.mkfifo(base / "late.tar")
        wire = Wire(buildkit_attachable_exporter_id=("0",))
        wire.coming.put(b"\x0a\x03new")
        wire.coming.put(None)
        with pytest.raises(EnvdplanError, match=r"late\.tar: it is a FIFO"):
            file_send(Receipts(known))[SEND](wire)
    assert (base / "late.tar").is_fifo()
    assert os.listdir(base) == ["late.tar"]


@pytest.mark.parametrize(
    "entry",
    [Stat(b"null", 0o644, 0), Stat(b"null", 1 << 31 | 0o755), Stat(b"null", LINK, link=b"f")],
)
def test_no_file_of_a_folder_takes_the_place_of_a_pipe(base: Path, entry: Stat) -> None:
    (base / "out").mkdir()
    os.mkfifo(base / "out" / "null")
    request = SolveRequest("f", {}, exports=(Export("local", destination=f"{base}/out"),))
    wire = Wire()
    for one in (stat_packet(entry), END_OF_STATS, data_packet(0, b""), FIN_PACKET):
        wire.coming.put(one)
    with pytest.raises(EnvdplanError, match='"null" is in the way: it is a FIFO'):
        received(wire, "0", request, base)
    assert (base / "out" / "null").is_fifo()
    assert os.listdir(base / "out") == ["null"]
