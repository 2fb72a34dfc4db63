variable "registry" { default = "localhost:5000" }
build "app" { tags = ["${registry}/app:1"] }
