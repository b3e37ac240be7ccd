"""Copies of frozen records with other values here and there."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import replace as replace
else:
    from dataclasses import fields
    from functools import cache

    @cache
    def _copier(cls):
        """Return a function that copies the fields of a record to an object that is still open.

        Objects of a frozen class are filled through ``object.__setattr__``, at many times the cost
        of an assignment. Those of a class that is not frozen but has the same slots can be made
        objects of `cls` when they are finished.
        """
        body = {"__slots__": cls.__slots__, "__setattr__": object.__setattr__}
        scope = {"Draft": type(cls.__name__, cls.__bases__, body)}
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
