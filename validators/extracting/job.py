"""What a child is told: the file, its kind, the templates it may be, and how much of it is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from validators.extracting.headers import Shape


class Job:
    """One file to read. `wanted` is the template that the caller named, if any; sizes are those of `Limits`."""

    def __init__(
        self, path: str, kind: str, shapes: Sequence[Shape], wanted: str | None, limits: dict[str, int]
    ) -> None:
        self.path = path
        self.kind = kind
        self.shapes = shapes
        self.wanted = wanted
        self.limits = limits

    @property
    def allowed(self) -> list[Shape]:
        """The templates that are looked for."""
        return [shape for shape in self.shapes if self.wanted in (None, shape.id)]

    def as_json(self) -> dict[str, Any]:
        """What `from_json` takes."""
        return {**vars(self), "shapes": [shape.as_json() for shape in self.shapes]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Job:
        """The same job on the other side of a pipe."""
        return cls(**{**data, "shapes": [Shape.from_json(shape) for shape in data["shapes"]]})
