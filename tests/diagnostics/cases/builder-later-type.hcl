builder "b" {
  type = "kube-pod"
}
