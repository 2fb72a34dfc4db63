block unquoted "quoted" {
  whole = "${x}"
  type  = "string"
}
