"""Images in folders: found by tag or digest, readable, and never written to."""

import base64
import hashlib
import json
from pathlib import Path

import pytest

from envdplan.clients.buildkit.proto import content_pb2 as pb
from envdplan.clients.buildkit.request import Export, SolveRequest
from envdplan.clients.buildkit.session import layoutexport, localcache
from envdplan.clients.buildkit.session.content import STORE_HEADER, content_services
from envdplan.clients.buildkit.session.exports import targets
from envdplan.clients.buildkit.session.ocilayout import OciLayout
from envdplan.clients.buildkit.session.services import Abort
from envdplan.ground.diagnostics import EnvdplanError, Refused
from tests.unit.buildkit.test_client_cache import DATA, DIGEST, SERVICE
from tests.unit.buildkit.test_ssh_forward import Call

OTHER = "sha256:" + "2" * 64


def layout(folder: Path, **digests: str) -> None:
    manifests = [
        {"digest": digest, "annotations": {"org.opencontainers.image.ref.name": tag}}
        for tag, digest in digests.items()
    ]
    (folder / "index.json").write_text(json.dumps({"manifests": manifests}))


def test_an_image_is_found_by_its_tag_or_named_by_its_digest(tmp_path: Path) -> None:
    layout(tmp_path, latest=DIGEST, one=OTHER)
    assert OciLayout("s", str(tmp_path)).digest() == DIGEST
    assert OciLayout("s", f"{tmp_path}:one").pinned() == f"s:one@{OTHER}"
    assert OciLayout("s", f"{tmp_path}@{OTHER}").pinned() == f"s:latest@{OTHER}"
    assert OciLayout("s", f"{tmp_path}:one@{DIGEST}").directory == tmp_path


def test_the_only_image_needs_no_tag(tmp_path: Path) -> None:
    layout(tmp_path, one=OTHER)
    assert OciLayout("s", str(tmp_path)).digest() == OTHER


def test_an_unknown_tag_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    layout(tmp_path, one=OTHER, two=DIGEST)
    with pytest.raises(EnvdplanError, match=r"no image with the tag three .*: one, two"):
        OciLayout("s", f"{tmp_path}:three").digest()


def test_a_builder_reads_a_layout_and_cannot_write_to_it(tmp_path: Path) -> None:
    blobs = tmp_path / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    (blobs / DIGEST.removeprefix("sha256:")).write_bytes(DATA)
    request = SolveRequest("f", {}, layouts={"s": str(tmp_path)})
    services = content_services(localcache.stores(request), localcache.layouts(request))
    header = {STORE_HEADER: "oci:s"}
    call = Call([pb.ReadContentRequest(digest=DIGEST).SerializeToString()], header)
    services[f"{SERVICE}Read"](call)
    assert pb.ReadContentResponse.FromString(call.sent[0]).data == DATA
    write = pb.WriteContentRequest(action=pb.WRITE, data=b"x").SerializeToString()
    with pytest.raises(Abort, match="unknown store"):
        services[f"{SERVICE}Write"](Call([write], header))
    assert not (tmp_path / "ingest").exists()


def test_a_broken_blob_of_a_result_is_none_and_is_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "blobs" / "sha256" / put(tmp_path, b"broken", DIGEST).partition(":")[2]
    services = content_services({}, None, {"export": tmp_path})
    header = {STORE_HEADER: "export"}
    info = [pb.InfoRequest(digest=DIGEST).SerializeToString()]
    with pytest.raises(Abort, match="broken"):
        services[f"{SERVICE}Info"](Call([*info], header))
    write = [
        pb.WriteContentRequest(action=pb.STAT, ref="r", total=10, expected=DIGEST),
        pb.WriteContentRequest(action=pb.COMMIT, total=10, data=DATA, expected=DIGEST),
    ]
    sent = [one.SerializeToString() for one in write]
    services[f"{SERVICE}Write"](Call([*sent], header))
    assert path.read_bytes() == DATA
    services[f"{SERVICE}Info"](Call([*info], header))
    with pytest.raises(Abort, match="already exists"):
        services[f"{SERVICE}Write"](Call([*sent], header))


def exported(folder: Path) -> SolveRequest:
    return SolveRequest("f", {}, exports=(Export("oci", {"tar": "false"}, str(folder)),))


def test_an_image_that_was_written_to_a_folder_gets_its_names(tmp_path: Path) -> None:
    request = exported(tmp_path)
    assert layoutexport.stores(request) == {"export": tmp_path}
    assert targets(request.exports) == {}
    put(tmp_path, b"{}", DIGEST)
    descriptor = base64.b64encode(json.dumps({"digest": DIGEST, "size": 1}).encode()).decode()
    response = {"containerimage.descriptor": descriptor, "image.name": "r:5000/a/b:1,r:5000/c"}
    layoutexport.record(request, response)
    layoutexport.record(request, response)
    index = json.loads((tmp_path / "index.json").read_text())
    assert [one["annotations"] for one in index["manifests"]] == [
        {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": tag}
        for name, tag in (("r:5000/a/b:1", "1"), ("r:5000/c", "latest"))
    ]
    assert localcache.manifest_digests(tmp_path) == {"1": DIGEST, "latest": DIGEST}


def put(folder: Path, content: bytes, digest: str = "") -> str:
    digest = digest or f"sha256:{hashlib.sha256(content).hexdigest()}"
    path = folder / "blobs" / "sha256" / digest.removeprefix("sha256:")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return digest


@pytest.mark.parametrize("lost", [None, 0, 1, 2, 3])
def test_an_image_counts_only_when_all_of_it_is_there(tmp_path: Path, lost: int | None) -> None:
    layer, config = put(tmp_path, b"\x1f\x8b layer"), put(tmp_path, b'{"os": "linux"}')
    manifest = {"config": {"digest": config}, "layers": [{"digest": layer}]}
    image = put(tmp_path, json.dumps(manifest).encode())
    index = put(tmp_path, json.dumps({"manifests": [{"digest": image}]}).encode())
    descriptor = base64.b64encode(json.dumps({"digest": index}).encode()).decode()
    response = {"containerimage.descriptor": descriptor}
    if lost is None:
        layoutexport.record(exported(tmp_path), response)
        return
    gone = (layer, config, image, index)[lost]
    (tmp_path / "blobs" / "sha256" / gone.removeprefix("sha256:")).unlink()
    with pytest.raises(Refused, match=gone):
        layoutexport.record(exported(tmp_path), response)
    assert not (tmp_path / "index.json").exists()


@pytest.mark.parametrize("told", ["", "e30=", "%", "bm8="])
def test_a_builder_that_tells_no_digest_is_too_old(tmp_path: Path, told: str) -> None:
    with pytest.raises(Refused, match="tar = true"):
        layoutexport.record(exported(tmp_path), {"containerimage.descriptor": told})
