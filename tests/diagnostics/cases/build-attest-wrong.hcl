build "x" {
  attest = [
    { type = "sbom", mode = "max" },
    "type=provenance,generater=a,mode=most,reproducible=often",
  ]
}
build "y" {
  attest = [{ type = "provenence" }]
}
build "z" {
  attest = ["provenance"]
}
