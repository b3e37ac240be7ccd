"""Classes that stand for one of aiortc's."""


class Kin(type):
    """Has a class take instances of the one it extends for its own in `isinstance`.

    aiortc's helpers hand out aiortc's objects; a program whose import of the class was changed
    goes on recognising them.
    """

    def __instancecheck__(cls, instance: object) -> bool:
        return super().__instancecheck__(instance) or type(instance) is cls.__base__
