"""Files of docker buildx bake, read as they are: compose files, and bake's own HCL and JSON."""
