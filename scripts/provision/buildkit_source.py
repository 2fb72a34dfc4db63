"""Compile buildkitd, buildctl and the Dockerfile frontend from the Go sources that Debian packages.

golang-github-docker-docker-dev of trixie carries BuildKit's whole source. Seven imports are not
packaged; small stand-ins take their place, so this buildkitd lacks the gha, s3 and azblob caches
and the fuse-overlayfs snapshotter, and takes every amd64 processor for a plain one.
"""

import os
import shutil
import subprocess
from pathlib import Path

from scripts.provision import apt
from scripts.provision.cache import artifact
from scripts.provision.report import ServiceError, step

SUITE = "trixie"
VERSION = "0.13.2"
PROGRAMS = ("cmd/buildkitd", "cmd/buildctl", "frontend/dockerfile/cmd/dockerfile-frontend")
_GO = "usr/lib/go-1.24"
_TREE = Path("usr/share/gocode/src/github.com")
_HERE = Path(__file__).parent

_CACHE_STANDIN = """package {name}

import (
	"context"
	"errors"

	"github.com/moby/buildkit/cache/remotecache"
	"github.com/moby/buildkit/session"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

var errAbsent = errors.New("cache {name} is not part of this build")

func ResolveCacheExporterFunc() remotecache.ResolveCacheExporterFunc {{
	return func(context.Context, session.Group, map[string]string) (remotecache.Exporter, error) {{
		return nil, errAbsent
	}}
}}

func ResolveCacheImporterFunc() remotecache.ResolveCacheImporterFunc {{
	return func(context.Context, session.Group, map[string]string) (
		remotecache.Importer, ocispecs.Descriptor, error) {{
		return nil, ocispecs.Descriptor{{}}, errAbsent
	}}
}}
"""

_FUSE_STANDIN = """package fuseoverlayfs

import (
	"errors"

	"github.com/containerd/containerd/snapshots"
)

var errAbsent = errors.New("fuse-overlayfs is not part of this build")

func Supported(string) error { return errAbsent }

func NewSnapshotter(string) (snapshots.Snapshotter, error) { return nil, errAbsent }
"""

_VARIANT_STANDIN = """package archvariant

func AMD64Variant() string { return "v1" }
"""

_PURL_STANDIN = """package packageurl

import (
	"errors"
	"net/url"
	"sort"
	"strings"
)

const (
	TypeDocker = "docker"
	TypeOCI    = "oci"
)

type Qualifier struct{ Key, Value string }

type Qualifiers []Qualifier

type PackageURL struct {
	Type, Namespace, Name, Version string
	Qualifiers                     Qualifiers
}

func NewPackageURL(kind, namespace, name, version string, q Qualifiers, _ string) *PackageURL {
	return &PackageURL{kind, namespace, name, version, q}
}

func (p *PackageURL) ToString() string {
	text := "pkg:" + p.Type + "/"
	if p.Namespace != "" {
		text += p.Namespace + "/"
	}
	text += p.Name + "@" + url.PathEscape(p.Version)
	pairs := []string{}
	for _, q := range p.Qualifiers {
		pairs = append(pairs, q.Key+"="+url.QueryEscape(q.Value))
	}
	sort.Strings(pairs)
	return text + "?" + strings.Join(pairs, "&")
}

func FromString(string) (PackageURL, error) {
	return PackageURL{}, errors.New("reading package URLs is not part of this build")
}
"""

_STANDINS = {
    "containerd/fuse-overlayfs-snapshotter": _FUSE_STANDIN,
    "tonistiigi/go-archvariant": _VARIANT_STANDIN,
    "package-url/packageurl-go": _PURL_STANDIN,
    **{
        f"moby/buildkit/cache/remotecache/{name}": _CACHE_STANDIN.format(name=name)
        for name in ("gha", "s3", "azblob")
    },
}


def buildkit_binaries() -> Path:
    """A folder with all PROGRAMS, compiled once (one to two minutes)."""
    return artifact(f"buildkit-{VERSION}-2", _compile)


def _compile(target: Path) -> None:
    source = target / ".source"
    with step("Fetching BuildKit's sources and Go (95 packages, 110 MB)"):
        apt.unpack(SUITE, _packages(), source)
    _put_standins(source / _TREE)
    with step(f"Compiling BuildKit {VERSION} (one to two minutes)"):
        _go_build(source, target)
    shutil.rmtree(source)


def _packages() -> list[str]:
    lines = (_HERE / "buildkit_packages.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _put_standins(tree: Path) -> None:
    for path, text in _STANDINS.items():
        folder = tree / path
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "standin.go").write_text(text)
    # GOPATH mode knows no major-version suffix: .../go-systemd/v22 is .../go-systemd.
    (tree / "coreos" / "go-systemd" / "v22").symlink_to(".")


def _go_build(source: Path, target: Path) -> None:
    commands = [f"github.com/moby/buildkit/{path}" for path in PROGRAMS]
    flags = ["-trimpath", "-tags", "osusergo netgo static_build"]
    version = f"-s -w -X github.com/moby/buildkit/version.Version=v{VERSION}"
    go = str(source / _GO / "bin" / "go")
    done = subprocess.run(
        [go, "build", *flags, "-ldflags", version, "-o", f"{target}/", *commands],
        env=_go_environment(source),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServiceError("BuildKit does not compile.", done.stderr[-3000:])


def _go_environment(source: Path) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(source),
        "GOROOT": str(source / _GO),
        "GOPATH": str(source / "usr/share/gocode"),
        "GOCACHE": str(source / "gocache"),
        "GO111MODULE": "off",
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "",
        "CGO_ENABLED": "0",
    }
