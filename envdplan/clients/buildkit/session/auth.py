"""Registry logins for the builder: it gets tokens, and passwords only where nothing else works.

The service is moby.filesync.v1.Auth; keys, signatures and the order of calls are those of
BuildKit's own client (session/auth/authprovider/authprovider.go, util/resolver/authorizer.go).
"""

import hashlib
import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from google.protobuf.message import DecodeError, Message

from envdplan.clients.buildkit.proto import auth_pb2
from envdplan.clients.buildkit.session.services import Abort, Handler, Services, Stream
from envdplan.clients.registry.credentials import Credentials, IdentityToken, Login, TokenSeeds
from envdplan.clients.registry.reader import RegistryReader
from envdplan.clients.registry.tokens import TokenQuery
from envdplan.ground.diagnostics import EnvdplanError, Refused
from envdplan.ground.imagenames import is_host

if TYPE_CHECKING:
    from nacl.signing import SigningKey

_INVALID_ARGUMENT: Final = 3
_PERMISSION_DENIED: Final = 7
_UNAVAILABLE: Final = 14

_Request = TypeVar("_Request", bound=Message)


def registry_auth(
    credentials: Credentials, registry: RegistryReader, seeds: TokenSeeds
) -> Services:
    """The Auth service. Nobody is logged in but by `credentials`. `registry` fetches the tokens;
    `seeds` are behind the keys that let a
    builder see that two sessions are the same user's.
    """
    auth = _Auth(credentials, registry, seeds)
    service = "/moby.filesync.v1.Auth"
    return {
        f"{service}/Credentials": _unary(auth_pb2.CredentialsRequest, auth.credentials),
        f"{service}/FetchToken": _unary(auth_pb2.FetchTokenRequest, auth.fetch_token),
        f"{service}/GetTokenAuthority": _unary(
            auth_pb2.GetTokenAuthorityRequest, auth.token_authority
        ),
        f"{service}/VerifyTokenAuthority": _unary(
            auth_pb2.VerifyTokenAuthorityRequest, auth.verify_token_authority
        ),
    }


class _Auth:
    def __init__(
        self, credentials: Credentials, registry: RegistryReader, seeds: TokenSeeds
    ) -> None:
        self._credentials = credentials
        self._registry = registry
        self._seeds = seeds

    def credentials(self, request: auth_pb2.CredentialsRequest) -> auth_pb2.CredentialsResponse:
        """The login, for registries that take no token; empty means anonymous."""
        credential = self._credentials.for_host(_host(request.Host))
        if credential is None or self._takes_tokens(request.Host):
            return auth_pb2.CredentialsResponse()
        match credential:
            case Login(username, password):
                return auth_pb2.CredentialsResponse(Username=username, Secret=password)
            case IdentityToken(value):
                return auth_pb2.CredentialsResponse(Secret=value)
            case _:
                return auth_pb2.CredentialsResponse()

    def fetch_token(self, request: auth_pb2.FetchTokenRequest) -> auth_pb2.FetchTokenResponse:
        """A short-lived token for the scopes that the builder names."""
        scopes = tuple(" ".join(request.Scopes).split())
        query = TokenQuery(
            _host(request.Host),
            request.Realm,
            request.Service,
            scopes,
            request.ClientID or "buildkit-client",
        )
        token = self._registry.token(query, self._credentials)
        return auth_pb2.FetchTokenResponse(
            Token=token.value, ExpiresIn=token.expires_in, IssuedAt=token.issued_at
        )

    def token_authority(
        self, request: auth_pb2.GetTokenAuthorityRequest
    ) -> auth_pb2.GetTokenAuthorityResponse:
        """The key by which the builder knows this user again; it makes it call FetchToken."""
        key = self._key(_host(request.Host), request.Salt)
        return auth_pb2.GetTokenAuthorityResponse(PublicKey=bytes(key.verify_key))

    def verify_token_authority(
        self, request: auth_pb2.VerifyTokenAuthorityRequest
    ) -> auth_pb2.VerifyTokenAuthorityResponse:
        """The payload, signed: a session with the same key may use the tokens of an earlier one."""
        key = self._key(_host(request.Host), request.Salt)
        return auth_pb2.VerifyTokenAuthorityResponse(Signed=bytes(key.sign(request.Payload)))

    def _takes_tokens(self, host: str) -> bool:
        """Whether the registry hands out tokens, so that no builder needs the password.

        A registry which we cannot reach is trusted to the builder, which can.
        """
        try:
            challenge = self._registry.challenge(host)
        except EnvdplanError:
            return False
        return challenge is not None and challenge.scheme == "bearer"

    def _key(self, host: str, salt: bytes) -> "SigningKey":
        """Ed25519, from the builder's salt and, for a login, our seed, which stays here."""
        from nacl.signing import SigningKey

        anonymous = self._credentials.for_host(host) is None
        seed = b"" if anonymous else self._seeds.seed(host)
        return SigningKey(hmac.new(salt, seed, hashlib.sha256).digest())


def _host(host: str) -> str:
    """The host that the builder names, which becomes part of a URL."""
    if is_host(host):
        return host
    raise Refused(
        "Builder asks for an invalid registry",
        f"{host[:100]!r} is not a registry host. Check the image names of the build.",
    )


def _unary(kind: type[_Request], answer: Callable[[_Request], Message]) -> Handler:
    """A handler of one message in, one out; our errors become the build's."""

    def handler(stream: Stream) -> None:
        request = kind()
        try:
            request.ParseFromString(stream.receive() or b"")
        except DecodeError:
            raise Abort(_INVALID_ARGUMENT, "the message cannot be read") from None
        try:
            reply = answer(request)
        except EnvdplanError as error:
            code = _PERMISSION_DENIED if isinstance(error, Refused) else _UNAVAILABLE
            raise Abort(code, f"{error.summary}. {error.detail}") from None
        stream.send([reply.SerializeToString()])

    return handler
