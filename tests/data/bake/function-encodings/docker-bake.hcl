target "default" {
  args = {
    b64   = base64encode("hello")
    un64  = base64decode("aGVsbG8=")
    md5   = md5("a")
    sha1  = sha1("a")
    sha2  = sha256("a")
    sha5  = sha512("a")
    json  = jsonencode({ a = [1, true, null, "<&>"] })
    dec   = jsondecode("{\"a\": [1]}").a[0]
    csv   = jsonencode(csvdecode("a,b\n1,2"))
    url   = urlencode("a b/c")
    uuid  = uuidv5("dns", "example.com")
    date  = formatdate("YYYY-MM-DD", "2026-01-02T03:04:05Z")
    time  = timeadd("2026-01-31T12:00:00Z", "1h30m")
    host  = cidrhost("10.0.0.0/8", 2)
    mask  = cidrnetmask("10.0.0.0/8")
    net   = cidrsubnet("10.0.0.0/8", 8, 2)
  }
}
