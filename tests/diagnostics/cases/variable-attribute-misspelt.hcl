variable "registry" {
  defualt = "localhost:5000"
}
