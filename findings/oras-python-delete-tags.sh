#!/usr/bin/env bash
# Guess: `OrasClient.delete_tags(name, ["1"])` of the Python client takes away the tag "1", whatever it
#   points at, and no other tag.
# Seen: oras 0.2.43 (PyPI) with docker-registry 2.8.2 (Debian bookworm). It asks what the tag points at,
#   as an OCI manifest only, and deletes that. So tags of the same content go with it: after deleting
#   "1", "latest" is gone too. An index, as of several platforms, is "not found" and stays. An image in
#   Docker's format ends in an error "manifest unknown": the registry answers the question with the
#   digest of a converted manifest, which it does not have.
# Output seen: the text under "expected".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
# Debian's package is unpacked into the folder; nothing is installed.
timeout 200 apt-get -qq -o APT::Sandbox::User=root download 'docker-registry=2.8.2*'
dpkg-deb -x docker-registry_*.deb tree
python3 -m venv venv
timeout 300 venv/bin/pip install -qq --disable-pip-version-check oras==0.2.43

# A registry on a free port of 127.0.0.1.
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > "$work/registry.yml" <<EOF
version: 0.1
storage:
  filesystem: {rootdirectory: $work/blobs}
  delete: {enabled: true}
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

cat > delete.py <<'EOF'
import json
import logging
import sys
import urllib.request

import oras.client

logging.disable()
home = f"127.0.0.1:{sys.argv[1]}"
client = oras.client.OrasClient(hostname=home, insecure=True)
with open("file.txt", "w") as file:
    file.write("text")


def put(repository: str, tag: str, content: dict) -> None:
    url = f"http://{home}/v2/{repository}/manifests/{tag}"
    kind = {"Content-Type": content["mediaType"]}
    data = json.dumps(content).encode()
    urllib.request.urlopen(urllib.request.Request(url, data, kind, method="PUT"))


def delete(repository: str) -> None:
    try:
        deleted = client.delete_tags(f"{home}/{repository}", ["1"])
    except RuntimeError as error:
        deleted = "manifest unknown" if "MANIFEST_UNKNOWN" in str(error) else error
    left = sorted(client.get_tags(f"{home}/{repository}"))
    print(f"{repository}: deleted {deleted}, left {left}")


def push(repository: str, tag: str) -> None:
    client.push(target=f"{home}/{repository}:{tag}", files=["file.txt"])


push("same", "1")
push("same", "latest")
delete("same")

push("platforms", "2")
with urllib.request.urlopen(
    urllib.request.Request(
        f"http://{home}/v2/platforms/manifests/2",
        headers={"Accept": "application/vnd.oci.image.manifest.v1+json"},
    )
) as answer:
    digest, size = answer.headers["Docker-Content-Digest"], len(answer.read())
child = {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest, "size": size}
platform = {"os": "linux", "architecture": "amd64"}
index = {"mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [{**child, "platform": platform}]}
put("platforms", "1", {"schemaVersion": 2, **index})
delete("platforms")

docker = "application/vnd.docker."
with open("config.json", "w") as file:
    roots = {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]}
    image = {"os": "linux", "architecture": "amd64", "config": {}, "rootfs": roots}
    json.dump({**image, "history": [{"created_by": "COPY file.txt /"}]}, file)
client.push(
    target=f"{home}/docker:2",
    files=["file.txt"],
    manifest_config=f"config.json:{docker}container.image.v1+json",
)
found = client.get_manifest(f"{home}/docker:2")
config = {**found["config"], "mediaType": docker + "container.image.v1+json"}
layers = [{**found["layers"][0], "mediaType": docker + "image.rootfs.diff.tar.gzip"}]
kind = docker + "distribution.manifest.v2+json"
put("docker", "1", {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": layers})
delete("docker")
EOF
timeout 120 venv/bin/python delete.py "$port" > seen 2> told || { cat told >&2; exit 2; }
cat > expected <<'EOF'
same: deleted ['1'], left []
platforms: deleted [], left ['1', '2']
docker: deleted manifest unknown, left ['1', '2']
EOF
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "the behaviour has changed" >&2; exit 1; }
