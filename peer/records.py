"""Records that are cheap to define and to copy.

The dataclasses of the standard library are what is meant, and what type checkers see. But it
compiles six methods for each frozen class: for the records of this project that took half as long
as all of aiortc takes to import.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
    from dataclasses import replace as replace
else:
    import dataclasses
    from dataclasses import MISSING, FrozenInstanceError, fields
    from functools import cache

    WORTH_A_DRAFT = 3
    """Fields from which on it is quicker to fill a draft than each for itself."""

    def dataclass(*, slots, frozen=False):
        """Do as ``dataclasses.dataclass`` in a tenth of the time, for classes with slots.

        What depends on the fields is compiled when it is first called: before, ``__init__`` has no
        signature to inspect. All fields are arguments.
        """
        if not slots:
            raise TypeError("only records with slots are made here")

        def define(cls):
            record = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
            methods = {name: _compiled_late(record, name) for name in _COMPILERS}
            methods |= {"__repr__": _show} | (_FROZEN if frozen else {"__hash__": None})
            for name, method in methods.items():
                if name not in vars(cls):
                    setattr(record, name, method)
            return record

        return define

    def _compiled_late(cls, name):
        def method(self, *args, **kwargs):
            setattr(cls, name, _COMPILERS[name](cls))
            return getattr(cls, name)(self, *args, **kwargs)

        return method

    def _compile_init(cls):
        scope = {"_put": object.__setattr__, "_MISSING": MISSING, "_cls": cls}
        frozen = cls.__setattr__ is not object.__setattr__
        positional, named, values = ["self"], [], {}
        for field in fields(cls):
            name = value = parameter = field.name
            if field.default is not MISSING:
                scope[f"_default_{name}"] = field.default
                parameter = f"{name}=_default_{name}"
            elif field.default_factory is not MISSING:
                scope[f"_make_{name}"] = field.default_factory
                parameter = f"{name}=_MISSING"
                value = f"_make_{name}() if {name} is _MISSING else {name}"
            (named if field.kw_only else positional).append(parameter)
            values[name] = value
        body = _put_each(values) if frozen else _assign_each(values)
        if frozen and len(values) >= WORTH_A_DRAFT:
            scope["_Draft"] = _draft(cls)
            body = [
                "if self.__class__ is _cls:",
                *(f" {line}" for line in _fill_draft(values)),
                "else:",
                *(f" {line}" for line in body),
            ]
        if hasattr(cls, "__post_init__"):
            body.append("self.__post_init__()")
        parameters = ", ".join([*positional, "*", *named] if named else positional)
        exec(f"def __init__({parameters}):\n " + "\n ".join(body or ["pass"]), scope)
        init = scope["__init__"]
        init.__qualname__ = f"{cls.__qualname__}.__init__"
        return init

    def _put_each(values):
        return [f"_put(self, {name!r}, {value})" for name, value in values.items()]

    def _assign_each(values):
        return [f"self.{name} = {value}" for name, value in values.items()]

    def _fill_draft(values):
        return ["_put(self, '__class__', _Draft)", *_assign_each(values), "self.__class__ = _cls"]

    @cache
    def _draft(cls):
        """Return a class with the slots of a frozen one, whose objects are still open.

        Objects of a frozen class are filled through ``object.__setattr__``, at many times the cost
        of an assignment. Those of this one can be made objects of `cls` when they are finished.
        """
        body = {"__slots__": cls.__slots__, "__setattr__": object.__setattr__}
        return type(cls.__name__, cls.__bases__, body)

    def _compile_eq(cls):
        test = "other.__class__ is self.__class__"
        values = f"{_compared(cls, 'self')} == {_compared(cls, 'other')}"
        return eval(f"lambda self, other: {values} if {test} else NotImplemented")

    def _compile_hash(cls):
        return eval(f"lambda self: hash({_compared(cls, 'self')})")

    def _compared(cls, name):
        """Return the expression for a tuple of what counts for equality."""
        return "(" + "".join(f"{name}.{each.name}, " for each in fields(cls) if each.compare) + ")"

    def _show(self):
        shown = [field.name for field in fields(self) if field.repr]
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__}({values})"

    _COMPILERS = {"__init__": _compile_init, "__eq__": _compile_eq, "__hash__": _compile_hash}

    def _refuse_to_set(self, name, value):
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def _refuse_to_delete(self, name):
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def _get_state(self):
        return [getattr(self, field.name) for field in fields(self)]

    def _set_state(self, state):
        for field, value in zip(fields(self), state, strict=True):
            object.__setattr__(self, field.name, value)

    _FROZEN = {
        "__setattr__": _refuse_to_set,
        "__delattr__": _refuse_to_delete,
        "__getstate__": _get_state,
        "__setstate__": _set_state,
    }

    @cache
    def _copier(cls):
        """Return a function that copies the fields of a record to a draft."""
        scope = {"Draft": _draft(cls)}
        copied = "; ".join(f"draft.{field.name} = record.{field.name}" for field in fields(cls))
        exec(f"def copy(record):\n draft = Draft.__new__(Draft); {copied}\n return draft", scope)
        return scope["copy"]

    def replace(record, /, **changes):
        """Do as ``dataclasses.replace`` in a tenth of the time, for records with slots.

        Neither ``__init__`` nor ``__post_init__`` is called. Raises TypeError for other names.
        """
        cls = record.__class__
        draft = _copier(cls)(record)
        for name, value in changes.items():
            try:
                setattr(draft, name, value)
            except AttributeError:
                raise TypeError(f"{cls.__name__} has no field {name!r}") from None
        draft.__class__ = cls
        return draft
