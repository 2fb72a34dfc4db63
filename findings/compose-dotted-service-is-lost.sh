#!/usr/bin/env bash
# Guess: two services of a Compose file whose names differ only in a dot and an underscore, both valid,
#   give two images, or an error that names the clash.
# Seen: docker-compose 2.40.3 and docker-buildx 0.29.1 (Debian sid). bake's target names have no dots,
#   so `api.db` becomes `api_db` on both ways, and nobody looks whether that name is taken.
#   `docker compose build` lists the target twice and keeps one service's build, another one from run
#   to run (the order of a Go map); the other is never built. bake melts both into one target: one's
#   context and tag, again another's from run to run, with the build arguments of both. Both exit with
#   0 and say nothing.
# Output seen: the text under "expected"; which service wins in one run is chance.
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
(cd "$work" && timeout 200 apt-get -qq $apt download 'docker-buildx=0.29.1*' 'docker-compose=2.40.3*')
for package in "$work"/*.deb; do dpkg-deb -x "$package" "$work/tree"; done
plugins=$work/tree/usr/libexec/docker/cli-plugins
export HOME="$work" BUILDX_CONFIG="$work/buildx"

mkdir -p "$work/project/db" "$work/project/tool"
cat > "$work/project/compose.yaml" <<'EOF'
name: clash
services:
  api.db:
    image: 127.0.0.1:5000/db:1
    build: {context: db, args: {FROM_DB: "1"}}
  api_db:
    image: 127.0.0.1:5000/tool:1
    build: {context: tool, args: {FROM_TOOL: "2"}}
EOF
cat > "$work/show.py" <<'EOF'
import json
import sys

plan = json.load(sys.stdin)
print(sys.argv[1], plan["group"]["default"]["targets"])
for name, target in plan["target"].items():
    print(sys.argv[1], name, target["tags"], sorted(target["args"]))
EOF
cd "$work/project"
# Forty runs: each service is seen at least once in all but one of 2 ** 39 cases.
for run in $(seq 40); do
    timeout 60 "$plugins/docker-compose" -f compose.yaml build --print 2> "$work/told" |
        python3 "$work/show.py" compose:
    timeout 60 "$plugins/docker-buildx" bake --print 2> "$work/told" |
        python3 "$work/show.py" bake:
done | LC_ALL=C sort -u > "$work/seen"
cat > "$work/expected" <<'EOF'
bake: ['api_db']
bake: api_db ['127.0.0.1:5000/db:1'] ['FROM_DB', 'FROM_TOOL']
bake: api_db ['127.0.0.1:5000/tool:1'] ['FROM_DB', 'FROM_TOOL']
compose: ['api_db', 'api_db']
compose: api_db ['127.0.0.1:5000/db:1'] ['FROM_DB']
compose: api_db ['127.0.0.1:5000/tool:1'] ['FROM_TOOL']
EOF
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "the behaviour has changed" >&2; exit 1; }
