"""Registry credentials as Docker keeps them, asked for at the moment of use and never stored."""

from envdplan.credentials.credential import (
    DOCKER_HUB,
    Credential,
    Credentials,
    FixedCredentials,
    IdentityToken,
    Login,
    RegistryToken,
    canonical_host,
)
from envdplan.credentials.docker import DockerCredentials, docker_directory
from envdplan.credentials.seeds import TokenSeeds

__all__ = [
    "DOCKER_HUB",
    "Credential",
    "Credentials",
    "DockerCredentials",
    "FixedCredentials",
    "IdentityToken",
    "Login",
    "RegistryToken",
    "TokenSeeds",
    "canonical_host",
    "docker_directory",
]
