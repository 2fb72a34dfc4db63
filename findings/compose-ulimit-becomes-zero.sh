#!/usr/bin/env bash
# Guess: `ulimits` of a Compose build mean one thing to `docker compose build` and to `docker buildx
#   bake`: both use the same Compose library, and Compose hands its builds to bake.
# Seen: docker-compose 2.40.3 and docker-buildx 0.29.1 (Debian sid). Each loses another form, and what
#   is lost becomes 0:0, not "no limit". bake reads only {soft, hard}: `nofile: 1024` is `nofile=0:0`,
#   a RUN step may open no file at all. Compose takes a single number only above zero: `core: -1`,
#   unlimited, is `core=0:0`. Neither warns.
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
(cd "$work" && timeout 200 apt-get -qq $apt download 'docker-buildx=0.29.1*' 'docker-compose=2.40.3*')
for package in "$work"/*.deb; do dpkg-deb -x "$package" "$work/tree"; done
plugins=$work/tree/usr/libexec/docker/cli-plugins
export HOME="$work" BUILDX_CONFIG="$work/buildx"

mkdir "$work/project"
cat > "$work/project/compose.yaml" <<'EOF'
name: limits
services:
  app:
    build:
      context: .
      ulimits: {nofile: 1024, nproc: {soft: 10, hard: 20}, core: -1}
EOF
cd "$work/project"
show='import json, sys; print(sys.argv[1], *sorted(json.load(sys.stdin)["target"]["app"]["ulimits"]))'
{
    timeout 60 "$plugins/docker-compose" -f compose.yaml build --print 2> "$work/told" | python3 -c "$show" compose:
    timeout 60 "$plugins/docker-buildx" bake --print 2> "$work/told" | python3 -c "$show" bake:
} > "$work/seen"
cat > "$work/expected" <<'EOF'
compose: core=0:0 nofile=1024 nproc=10:20
bake: core=0:0 nofile=0:0 nproc=10:20
EOF
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "the behaviour has changed" >&2; exit 1; }
