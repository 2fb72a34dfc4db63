#!/usr/bin/env bash
# Guess: `crane pull --format=oci IMAGE FOLDER` into the folder of an earlier pull of the same image
#   changes nothing, and `crane push FOLDER` pushes it back.
# Seen: crane 0.20.7 (Debian sid) with docker-registry 2.8.3. Every pull adds an entry to index.json,
#   also when the very same digest is there already, and with --annotate-ref under the very same name.
#   From the second pull on `crane push` refuses the folder ("contains 2 entries, consider --index"),
#   and with --index it pushes an index that has the image twice.
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

crane() { timeout 60 "$work/tree/usr/bin/crane" "$@"; }
name=127.0.0.1:$port/app
count='import json, sys; print(len({one["digest"] for one in json.load(sys.stdin)["manifests"]}))'
echo text > "$work/file"
tar -C "$work" -cf "$work/layer.tar" file
crane append -f "$work/layer.tar" -t "$name:1" > "$work/told" 2>&1
for times in 1 2; do
    crane pull --format=oci --annotate-ref "$name:1" "$work/layout" 2> "$work/told"
    code=0
    crane push "$work/layout" "$name:again" > "$work/told" 2>&1 || code=$?
    echo "pulled $times: $(grep -c '"digest"' "$work/layout/index.json") entries, push exits $code"
    grep -o 'layout contains.*' "$work/told" || true
done > "$work/seen"
crane push --index "$work/layout" "$name:index" > "$work/told" 2>&1
crane manifest "$name:index" > "$work/index"
echo "pushed: $(grep -o '"digest"' "$work/index" | wc -l) entries, different ones: $(python3 -c "$count" < "$work/index")" >> "$work/seen"
cat > "$work/expected" <<'EOF'
pulled 1: 1 entries, push exits 0
pulled 2: 2 entries, push exits 1
layout contains 2 entries, consider --index
pushed: 2 entries, different ones: 1
EOF
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "the behaviour has changed" >&2; exit 1; }
