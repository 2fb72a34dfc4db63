"""Images made from packages: a busybox base, and buildkitd as the docker-container driver wants it.

They are pushed by the plain OCI distribution API and loaded as archives of `docker save`'s form;
no daemon and no other image is needed to make them.
"""

import gzip
import hashlib
import http.client
import io
import json
import platform
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.provision import apt
from scripts.provision.binaries import small_binaries
from scripts.provision.buildkit_source import VERSION, buildkit_binaries
from scripts.provision.cache import artifact
from scripts.provision.engine import docker
from scripts.provision.registry import Registry, authorization, connect
from scripts.provision.report import ServiceError, step

BASE = "lib/busybox:1"
BUILDKIT = f"envdplan-test/buildkit:{VERSION}"
BUILDKIT_OF_ENVD = "moby/buildkit:v0.19.0"
"""What envd 1.3.6 looks for before it starts or uses a builder container."""

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PASSWD = b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
# envd and many Dockerfiles run bash; busybox's own shell knows what they commonly use of it.
_BASH = b'#!/bin/sh\nexec /bin/sh "$@"\n'
_BUILDKIT_SETTINGS = {
    "Entrypoint": ["buildkitd"],
    "Volumes": {"/var/lib/buildkit": {}},
    "Env": [_PATH],
}


@dataclass(frozen=True, slots=True)
class Image:
    """One compressed layer and the image's configuration (OCI image spec, config.md)."""

    layer: Path
    config: Path


def base_image() -> Image:
    """A static busybox with a link per applet, users, /tmp and a stand-in for bash."""
    return _image(artifact(f"base-image-{apt.own_suite()}-2", _make_base))


def buildkit_image() -> Image:
    """buildkitd, buildctl, runc, busybox and the machine's CA certificates."""
    return _image(artifact(f"buildkit-image-{VERSION}-{apt.own_suite()}-2", _make_buildkit))


def load(host: str, image: Image, *names: str) -> None:
    """Load an image into the engine at `host` under one or more names."""
    manifest = [{"Config": "config.json", "Layers": ["layer.tar.gz"], "RepoTags": names}]
    with tempfile.NamedTemporaryFile(suffix=".tar") as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            tar.add(image.config, "config.json")
            tar.add(image.layer, "layer.tar.gz")
            _add(tar, "manifest.json", json.dumps(manifest).encode(), 0o644)
        file.flush()
        docker(host, "load", "-q", "-i", file.name)


def push(registry: Registry, image: Image, name: str) -> str:
    """Push an image as REPOSITORY:TAG and return its digest (OCI distribution spec, "Push").

    Raises ServiceError where the registry refuses.
    """
    repository, _, tag = name.rpartition(":")
    layer = _upload(registry, repository, "layer.v1.tar+gzip", image.layer.read_bytes())
    config = _upload(registry, repository, "config.v1+json", image.config.read_bytes())
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config,
            "layers": [layer],
        }
    ).encode()
    path = f"/v2/{repository}/manifests/{tag}"
    _send(registry, "PUT", path, manifest, "application/vnd.oci.image.manifest.v1+json")
    return f"sha256:{hashlib.sha256(manifest).hexdigest()}"


def _upload(registry: Registry, repository: str, kind: str, blob: bytes) -> dict[str, str | int]:
    digest = f"sha256:{hashlib.sha256(blob).hexdigest()}"
    location = _send(registry, "POST", f"/v2/{repository}/blobs/uploads/")
    path = re.sub(r"^https?://[^/]+", "", location)
    joint = "&" if "?" in path else "?"
    _send(registry, "PUT", f"{path}{joint}digest={digest}", blob, "application/octet-stream")
    media_type = f"application/vnd.oci.image.{kind}"
    return {"mediaType": media_type, "digest": digest, "size": len(blob)}


def _send(
    registry: Registry, method: str, path: str, body: bytes = b"", content_type: str = ""
) -> str:
    """Send one request and return the Location of the answer."""
    headers = authorization(registry) | {"Content-Length": str(len(body))}
    headers |= {"Content-Type": content_type} if content_type else {}
    connection = connect(registry)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        said = answer.read(500).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise ServiceError(f"{registry.url} does not answer.", str(error)) from error
    finally:
        connection.close()
    if answer.status not in (201, 202):
        raise ServiceError(f"{registry.url} refused {method} {path} ({answer.status}).", said)
    return answer.getheader("Location", "")


def _image(folder: Path) -> Image:
    return Image(folder / "layer.tar.gz", folder / "config.json")


def _make_base(target: Path) -> None:
    with step("Making the base image"):
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as tar:
            _add_busybox(tar)
            _add(tar, "bin/bash", _BASH, 0o755)
        _write(target, layer.getvalue(), {"Cmd": ["sh"], "Env": [_PATH]})


def _make_buildkit(target: Path) -> None:
    small, buildkit = small_binaries(), buildkit_binaries()
    programs = [small / "runc", buildkit / "buildkitd", buildkit / "buildctl"]
    with step("Making the buildkit image"):
        layer = io.BytesIO()
        with tarfile.open(fileobj=layer, mode="w") as tar:
            _add_busybox(tar)
            for program in programs:
                _add(tar, f"usr/bin/{program.name}", program.read_bytes(), 0o755)
            for file in [*_libraries(small / "runc"), *_certificates()]:
                _add(tar, str(file).lstrip("/"), file.read_bytes(), 0o755)
        _write(target, layer.getvalue(), _BUILDKIT_SETTINGS)


def _write(target: Path, layer: bytes, settings: Mapping[str, object]) -> None:
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine())
    diff_id = f"sha256:{hashlib.sha256(layer).hexdigest()}"
    config = {
        "architecture": architecture or platform.machine(),
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": settings,
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        "history": [{"created_by": "envdplan scripts/services.py"}],
    }
    (target / "config.json").write_text(json.dumps(config))
    (target / "layer.tar.gz").write_bytes(gzip.compress(layer, 6, mtime=0))


def _certificates() -> list[Path]:
    bundle = Path("/etc/ssl/certs/ca-certificates.crt")
    return [bundle] if bundle.exists() else []


def _add_busybox(tar: tarfile.TarFile) -> None:
    busybox = small_binaries() / "busybox"
    for folder, mode in {"tmp": 0o1777, "root": 0o700, "etc": 0o755, "proc": 0o555}.items():
        _add_folder(tar, folder, mode)
    _add(tar, "bin/busybox", busybox.read_bytes(), 0o755)
    listed = subprocess.run([str(busybox), "--list"], capture_output=True, text=True, check=True)
    for applet in listed.stdout.split():
        if applet != "busybox":
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    _add(tar, "etc/passwd", _PASSWD, 0o644)
    _add(tar, "etc/group", b"root:x:0:\nnogroup:x:65534:\n", 0o644)


def _libraries(program: Path) -> list[Path]:
    """The shared libraries of a program and its loader, as ldd(1) names them."""
    linked = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False)
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", linked.stdout)]


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def _add_folder(tar: tarfile.TarFile, name: str, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = tarfile.DIRTYPE, mode
    tar.addfile(entry)
