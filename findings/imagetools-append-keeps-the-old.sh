#!/usr/bin/env bash
# Guess: `docker buildx imagetools create --append -t app:1 app:new-arm64` replaces the arm64 image of an
#   index that has one; how else would one platform be built again?
# Seen: docker-buildx 0.29.1 (Debian sid; no builder and no engine are needed) with docker-registry
#   2.8.3. It adds a second entry of the same platform behind the first, exit 0. Clients take the first:
#   crane 0.20.7 answers for linux/arm64 with the old image. Once more with the same image adds nothing.
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
(cd "$work" && timeout 200 apt-get -qq $apt download 'docker-buildx=0.29.1*' 'crane=0.20.7*' 'docker-registry=2.8.3*')
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

export BUILDX_CONFIG="$work/buildx"
crane() { timeout 60 "$work/tree/usr/bin/crane" "$@" 2> "$work/told"; }
imagetools() {
    timeout 60 "$work/tree/usr/libexec/docker/cli-plugins/docker-buildx" imagetools create "$@" > "$work/told" 2>&1
}
name=127.0.0.1:$port/app
for one in amd64:amd64 old:arm64 new:arm64; do
    echo "$one" > "$work/file"
    tar -C "$work" -cf "$work/layer.tar" file
    crane append -f "$work/layer.tar" -t "$name:plain" > "$work/digest"
    crane mutate --set-platform "linux/${one#*:}" -t "$name:${one%:*}" "$name:plain" > "$work/digest"
done
cat > "$work/show.py" <<'EOF'
import json
import sys

print(*(one["platform"]["architecture"] for one in json.load(sys.stdin)["manifests"]))
EOF
{
    imagetools -t "$name:1" "$name:amd64" "$name:old"
    crane manifest "$name:1" | python3 "$work/show.py"
    for times in 1 2; do
        imagetools --append -t "$name:1" "$name:new"
        crane manifest "$name:1" | python3 "$work/show.py"
    done
    for tag in old new; do
        [ "$(crane digest --platform linux/arm64 "$name:1")" != "$(crane digest "$name:$tag")" ] || echo "arm64 is the $tag image"
    done
} > "$work/seen"
cat > "$work/expected" <<'EOF'
amd64 arm64
amd64 arm64 arm64
amd64 arm64 arm64
arm64 is the old image
EOF
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "the behaviour has changed" >&2; exit 1; }
