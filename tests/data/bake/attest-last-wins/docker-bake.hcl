target "default" { attest = ["type=sbom", "type=provenance,mode=max", "type=sbom,disabled=true"] }
