"""Images in folders: found by tag or digest, readable, and never written to."""

import json
from pathlib import Path

import pytest

from envdplan.buildkit import localcache
from envdplan.buildkit.content import STORE_HEADER, content_services
from envdplan.buildkit.ocilayout import OciLayout
from envdplan.buildkit.proto import content_pb2 as pb
from envdplan.buildkit.request import SolveRequest
from envdplan.buildkit.services import Abort
from envdplan.diagnostics import EnvdplanError
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
