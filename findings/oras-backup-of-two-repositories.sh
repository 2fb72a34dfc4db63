#!/usr/bin/env bash
# Guess: `oras backup --output FOLDER` of a second repository into the folder of the first adds to it or
#   refuses; `oras restore` brings back what each backup reported as done.
# Seen: oras 1.3.3 (Debian sid, the commands are new in 1.3 and marked experimental) with
#   docker-registry 2.8.3. The folder keeps tags, not repositories: tag 1 of the second backup takes
#   the name from tag 1 of the first, whose image stays without a name. Both report success. restore
#   pushes the tags of both together into one repository: the second's image as 1, the first's 2.
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
(cd "$work" && timeout 200 apt-get -qq $apt download 'oras=1.3.3*' 'docker-registry=2.8.3*')
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

oras() { timeout 60 "$work/tree/usr/bin/oras" "$@"; }
home=127.0.0.1:$port
cd "$work"
for tag in first/app:1 first/app:2 second/app:1; do
    echo "$tag" > content.txt
    oras push --plain-http "$home/$tag" content.txt > told
done
{
    for repository in first/app second/app; do
        oras backup --plain-http --output saved "$home/$repository" |
            sed -n -E "s/^(Successfully backed up [0-9]+ tag).*/$(basename "$(dirname "$repository")"): \\1/p"
    done
    oras restore --plain-http --input saved "$home/restored" | sed -n -E 's/^(Successfully restored [0-9]+ tag).*/\1/p'
    for tag in 1 2; do
        oras pull --plain-http --output back "$home/restored:$tag" > told
        echo "restored $tag: $(cat back/content.txt)"
    done
} > seen
cat > expected <<'EOF'
first: Successfully backed up 2 tag
second: Successfully backed up 1 tag
Successfully restored 2 tag
restored 1: second/app:1
restored 2: first/app:2
EOF
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "the behaviour has changed" >&2; exit 1; }
