target "default" { attest = ["type=sbom,generator=x", { type = "provenance", mode = "max", disabled = true }] }
