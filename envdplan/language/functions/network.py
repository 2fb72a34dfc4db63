"""Networks in CIDR notation."""

import ipaddress
from typing import Final, TypeAlias

from envdplan.language.evaluation.context import Function
from envdplan.language.evaluation.problems import FunctionError

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: str) -> _Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise FunctionError(f'"{text[:60]}" is not a network such as 10.0.0.0/8', 0) from None


def _whole(number: object, argument: int) -> int:
    if isinstance(number, int):
        return number
    raise FunctionError("a whole number is required", argument)


def _cidrhost(prefix: str, number: object) -> str:
    network, index = _network(prefix), _whole(number, 1)
    if not -network.num_addresses <= index < network.num_addresses:
        raise FunctionError(f"the network has {network.num_addresses} addresses", 1)
    return str(network[index])


def _cidrnetmask(prefix: str) -> str:
    network = _network(prefix)
    if isinstance(network, ipaddress.IPv6Network):
        raise FunctionError("IPv6 has no netmasks", 0)
    return str(network.netmask)


def _cidrsubnet(prefix: str, bits: object, number: object) -> str:
    return str(_subnet(_network(prefix), _whole(bits, 1), _whole(number, 2)))


def _subnet(network: _Network, bits: int, number: int) -> _Network:
    length = network.prefixlen + bits
    if bits < 0 or length > network.max_prefixlen:
        raise FunctionError(f"a prefix of {length} bits is impossible here", 1)
    if not 0 <= number < 2**bits:
        raise FunctionError(f"{bits} bits number networks from 0 to {2**bits - 1}", 2)
    step = 2 ** (network.max_prefixlen - length)
    address = int(network.network_address) + number * step
    return type(network)((address, length))


def _cidrsubnets(prefix: str, *bits: object) -> tuple[str, ...]:
    network = _network(prefix)
    at, end = int(network.network_address), int(network.broadcast_address)
    found: list[str] = []
    for position, more in enumerate(bits, 1):
        length = network.prefixlen + _whole(more, position)
        if not network.prefixlen <= length <= network.max_prefixlen:
            raise FunctionError(f"a prefix of {length} bits is impossible here", position)
        size = 2 ** (network.max_prefixlen - length)
        at = -(-at // size) * size
        if at + size - 1 > end:
            raise FunctionError("the network is too small for all of these", position)
        found.append(str(type(network)((at, length))))
        at += size
    return tuple(found)


FUNCTIONS: Final = (
    Function(
        "cidrhost(prefix: string, number: number) -> string",
        "An address in a network; negative numbers count from its end.",
        'cidrhost("10.1.0.0/16", 5)',
        '"10.1.0.5"',
        _cidrhost,
    ),
    Function(
        "cidrnetmask(prefix: string) -> string",
        "The netmask of an IPv4 network.",
        'cidrnetmask("10.1.0.0/16")',
        '"255.255.0.0"',
        _cidrnetmask,
    ),
    Function(
        "cidrsubnet(prefix: string, bits: number, number: number) -> string",
        "One of the networks that a longer prefix gives.",
        'cidrsubnet("10.1.0.0/16", 8, 2)',
        '"10.1.2.0/24"',
        _cidrsubnet,
    ),
    Function(
        "cidrsubnets(prefix: string, bits...: number) -> list",
        "Networks of several sizes, one after the other.",
        'cidrsubnets("10.1.0.0/16", 8, 4)',
        '["10.1.0.0/24", "10.1.16.0/20"]',
        _cidrsubnets,
    ),
)
