variable "secret" {
  default   = "r.example/a:1"
  sensitive = true
}

build "one" {
  path = var.secret
  tags = ["r.example/b:1", var.secret]
}

build "all" {
  tags = sensitive(["r.example/c:1"])
  push = true
}

build "file" {
  output {
    type = "tar"
    dest = var.secret
  }
}

build "envd" {
  from = "build.envd:build"
  tags = [var.secret]
}

build "meant" {
  tags = [nonsensitive(var.secret)]
}

build "decides" {
  platforms = [sensitive("linux/amd64")]
  push      = sensitive(false)
  timeout   = sensitive(60)
}
