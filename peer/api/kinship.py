"""Classes that stand for one of aiortc's."""

from typing import TYPE_CHECKING, Any

from peer.transports import stock

_GATHERER = stock("rtcicetransport").RTCIceGatherer
_TRANSPORTS = (
    _GATHERER,
    stock("rtcicetransport").RTCIceTransport,
    stock("rtcdtlstransport").RTCDtlsTransport,
    stock("rtcsctptransport").RTCSctpTransport,
)


class Kin(type):
    """Has a class take instances of the one it extends for its own in `isinstance`.

    aiortc's helpers hand out aiortc's objects; a program whose import of the class was changed
    goes on recognising them.
    """

    def __instancecheck__(cls, instance: object) -> bool:
        return super().__instancecheck__(instance) or type(instance) is cls.__base__


class Alone(type):
    """Has a class whose objects connections make be aiortc's where a program makes one by itself.

    That is ORTC's way: gatherer, ICE, DTLS, SCTP or senders and receivers, each made of the one
    below. They are no part of a connection, and are aiortc's down to its ICE.
    """

    _theirs: type

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> None:
        super().__init__(name, bases, namespace)
        if hasattr(stock(), name):
            cls._theirs = getattr(stock(), name)

    def __instancecheck__(cls, instance: object) -> bool:
        return super().__instancecheck__(instance) or type(instance) is cls._theirs

    # A type checker goes by the constructor of the class.
    if not TYPE_CHECKING:

        def __call__(cls, *args: Any, **kwargs: Any) -> Any:
            given = (*args, *kwargs.values())
            if any(type(one) in _TRANSPORTS for one in given) or (
                cls._theirs is _GATHERER and not any(type(type(one)) is Alone for one in given)
            ):
                return cls._theirs(*args, **kwargs)
            return super().__call__(*args, **kwargs)
