# One image of a folder. The same in YAML: yaml/envdplan.yaml.

variable "name" {
  type        = string
  default     = "localhost:5000/image"
  description = "Repository of the image"
}

variable "path" {
  type        = string
  default     = "/src"
  description = "Folder with the Dockerfile, absolute"
}

variable "args" {
  type    = map(string)
  default = {}
}

build "this" {
  path = var.path
  args = var.args
  tags = ["${var.name}:1"]
  push = true

  postcondition {
    condition     = startswith(self.digest, "sha256:")
    error_message = "${var.name} has no digest."
  }
}

output "image" { value = build.this.image }
