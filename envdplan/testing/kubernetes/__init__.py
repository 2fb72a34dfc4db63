"""A small Kubernetes API server for tests: real HTTP, real websockets, no cluster.

    with Cluster(Execution(["buildctl", "--addr", "unix:///run/x.sock"])) as cluster:
        cluster.write_kubeconfig(path)

It holds what a builder needs (namespaces, pods, StatefulSets, config maps, secrets, claims, events)
and answers as Kubernetes 1.36 and 1.20 were recorded to answer (tests/data/kubernetes).
"""

from envdplan.testing.kubernetes.cluster import Cluster
from envdplan.testing.kubernetes.faults import Faults

__all__ = ["Cluster", "Faults"]
