"""Registry credentials as Docker keeps them, asked for at the moment of use and never stored."""

from envdplan.clients.registry.credentials.credential import (
    Credential,
    Credentials,
    FixedCredentials,
    IdentityToken,
    Login,
    RegistryToken,
)
from envdplan.clients.registry.credentials.docker import DockerCredentials, docker_directory
from envdplan.clients.registry.credentials.named import NamedCredentials
from envdplan.clients.registry.credentials.seeds import TokenSeeds

__all__ = [
    "Credential",
    "Credentials",
    "DockerCredentials",
    "FixedCredentials",
    "IdentityToken",
    "Login",
    "NamedCredentials",
    "RegistryToken",
    "TokenSeeds",
    "docker_directory",
]
