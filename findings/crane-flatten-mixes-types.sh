#!/usr/bin/env bash
# Guess: what `crane flatten` makes of an OCI image of several platforms is one that registries and
#   crane itself take.
# Seen: crane 0.20.7 (Debian sid) with docker-registry 2.8.3. The new images are Docker manifests, and
#   the new index keeps calling them OCI manifests. The first push is taken, as the children go up under
#   their own type. `crane copy` of the result fails: it sends a child as what the index says, and the
#   registry answers MANIFEST_INVALID.
# Output seen: the text under "expected".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Debian's packages of the suite sid are unpacked into the folder; nothing is installed.
apt="-o APT::Sandbox::User=root -o Dir::State::Lists=$work/lists -o Dir::Cache=$work/cache
  -o Dir::Etc::SourceList=$work/sid.list -o Dir::Etc::SourceParts=/dev/null"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/tree"
mirror=$(apt-get indextargets --format '$(REPO_URI)' | grep '/debian/$' | head -n 1)
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" > "$work/sid.list"
timeout 200 apt-get -qq $apt update
(cd "$work" && timeout 200 apt-get -qq $apt download 'crane=0.20.7*' 'docker-registry=2.8.3*')
for package in "$work"/*.deb; do dpkg-deb -x "$package" "$work/tree"; done
export HOME="$work"

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

crane() { timeout 60 "$work/tree/usr/bin/crane" "$@"; }
name=127.0.0.1:$port/app
cat > "$work/types.py" <<'EOF'
import json
import sys

found = json.load(sys.stdin)
types = [one["mediaType"] for one in found.get("manifests", [found])]
print(sys.argv[1], *sorted({one.removeprefix("application/vnd.") for one in types}))
EOF
copy() { # a tag, and another repository to copy it to
    code=0
    crane copy "$name:$1" "127.0.0.1:$port/$2:1" > "$work/told" 2>&1 || code=$?
    echo "$1: copy exits $code $(grep -o MANIFEST_INVALID "$work/told" | sort -u)"
}
{
    copy 1 first
    crane flatten -t "$name:flat" "$name:1" > "$work/told" 2>&1
    crane manifest "$name:flat" | python3 "$work/types.py" "the index says"
    for architecture in amd64 arm64; do
        digest=$(crane digest --platform "linux/$architecture" "$name:flat")
        crane manifest "$name@$digest" | python3 "$work/types.py" "$architecture says"
    done
    copy flat second
} | sed 's/ $//' > "$work/seen"
cat > "$work/expected" <<'EOF'
1: copy exits 0
the index says oci.image.manifest.v1+json
amd64 says docker.distribution.manifest.v2+json
arm64 says docker.distribution.manifest.v2+json
flat: copy exits 1 MANIFEST_INVALID
EOF
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "the behaviour has changed" >&2; exit 1; }
