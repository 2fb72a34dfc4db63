#!/usr/bin/env bash
# Guess: `skopeo copy --all --format v2s2`, for registries that take Docker's formats only, converts
#   what BuildKit has pushed, because each platform by itself is converted.
# Seen: skopeo 1.9.3 with docker-registry 2.8.2 (Debian bookworm). It ends with "Unknown media type
#   during manifest conversion" at the first attestation of BuildKit, after the images of all
#   platforms were copied: no tag is written. Without --all, which copies one platform, it works;
#   without --format too, because nothing is converted. The same with what buildx 0.29.1 and BuildKit
#   0.13.2 pushed; the script makes such an index by itself.
# Output seen: the text under "expected".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
# Debian's packages are unpacked into the folder; nothing is installed.
timeout 200 apt-get -qq -o APT::Sandbox::User=root download 'skopeo=1.9.3*' 'docker-registry=2.8.2*' \
    libgpgme11 libdevmapper1.02.1
mkdir tree
for package in *.deb; do dpkg-deb -x "$package" tree; done

# A registry on a free port of 127.0.0.1.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > "$work/registry.yml" <<EOF
version: 0.1
storage: {filesystem: {rootdirectory: $work/blobs}}
http: {addr: "127.0.0.1:$port"}
EOF
"$work/tree/usr/bin/docker-registry" serve "$work/registry.yml" > "$work/registry.log" 2>&1 &
registry=$!
trap 'kill $registry || true; wait $registry 2> /dev/null || true; rm -rf "$work"' EXIT
tries=0
until python3 -c "import urllib.request as r; r.urlopen('http://127.0.0.1:$port/v2/')" 2> "$work/told"; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { cat "$work/registry.log" >&2; exit 2; }
    sleep 0.2
done

# What BuildKit pushes for two platforms with provenance, which is its default: an image for each, and
# for each image an attestation whose one "layer" is a JSON text.
cat > "$work/push.py" <<'EOF'
import gzip
import hashlib
import io
import json
import sys
import tarfile
import urllib.request

REPOSITORY = f"http://127.0.0.1:{sys.argv[1]}/v2/app"
OCI = "application/vnd.oci.image."


def send(method: str, url: str, data: bytes, kind: str = "application/octet-stream"):
    headers = {"Content-Type": kind}
    return urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method))


def descriptor(data: bytes, kind: str, **more: object) -> dict:
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    return {"mediaType": kind, "digest": digest, "size": len(data), **more}


def blob(data: bytes, kind: str, **more: object) -> dict:
    found = descriptor(data, kind, **more)
    place = send("POST", f"{REPOSITORY}/blobs/uploads/", b"").headers["Location"]
    send("PUT", f"{place}&digest={found['digest']}", data)
    return found


def manifest(content: dict, kind: str, tag: str = "", **more: object) -> dict:
    data = json.dumps({"schemaVersion": 2, "mediaType": kind, **content}).encode()
    found = descriptor(data, kind, **more)
    send("PUT", f"{REPOSITORY}/manifests/{tag or found['digest']}", data, kind)
    return found


def image(layer: dict, content: str, architecture: str, system: str, **more: object) -> dict:
    roots = {"type": "layers", "diff_ids": [content]}
    config = {"architecture": architecture, "os": system, "config": {}, "rootfs": roots}
    first = blob(json.dumps(config).encode(), OCI + "config.v1+json")
    platform = {"architecture": architecture, "os": system}
    kind = OCI + "manifest.v1+json"
    return manifest({"config": first, "layers": [layer]}, kind, platform=platform, **more)


images, attestations = [], []
for architecture in ("amd64", "arm64"):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(architecture))
    raw = packed.getvalue()
    layer = blob(gzip.compress(raw, mtime=0), OCI + "layer.v1.tar+gzip")
    images.append(image(layer, descriptor(raw, "")["digest"], architecture, "linux"))
    # Tools look at the media type alone; the words of the statement count for none of them.
    kind = "urn:example:provenance"
    statement = {"_type": "urn:example:statement", "predicateType": kind}
    about = {"in-toto.io/predicate-type": kind}
    text = json.dumps({**statement, "subject": [{"name": architecture}]}).encode()
    layer = blob(text, "application/vnd.in-toto+json", annotations=about)
    refers = {
        "vnd.docker.reference.digest": images[-1]["digest"],
        "vnd.docker.reference.type": "attestation-manifest",
    }
    attestations.append(image(layer, layer["digest"], "unknown", "unknown", annotations=refers))
manifest({"manifests": images + attestations}, OCI + "index.v1+json", tag="1")
EOF
timeout 60 python3 "$work/push.py" "$port"

export HOME="$work" LD_LIBRARY_PATH="$work/tree/usr/lib/x86_64-linux-gnu:$work/tree/lib/x86_64-linux-gnu"
copy() { # what it shows, the tag to write, and flags
    told=$1 tag=$2 code=0
    shift 2
    timeout 60 tree/usr/bin/skopeo --insecure-policy copy "$@" --src-tls-verify=false --dest-tls-verify=false \
        "docker://127.0.0.1:$port/app:1" "docker://127.0.0.1:$port/app:$tag" > log 2>&1 || code=$?
    echo "$told: exit $code"
    [ "$code" = 0 ] || grep -o -E 'copying image [0-9]/[0-9]|Unknown media type.*' log | tr -d '\\"' | sed 's/^/  /'
}
tags='import json, sys; print("app tags:", *sorted(json.load(sys.stdin)["tags"]))'
{
    copy "one platform" one-platform --format v2s2
    copy "as it is" as-it-is --all
    copy "converted" converted --all --format v2s2
    python3 -c "import urllib.request as r; print(r.urlopen('http://127.0.0.1:$port/v2/app/tags/list').read().decode())" |
        python3 -c "$tags"
} > seen
cat > expected <<'EOF'
one platform: exit 0
as it is: exit 0
converted: exit 1
  copying image 3/4
  Unknown media type during manifest conversion: application/vnd.in-toto+json
app tags: 1 as-it-is one-platform
EOF
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "the behaviour has changed" >&2; exit 1; }
