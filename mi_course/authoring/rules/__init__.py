"""What `dev check` looks for, one file a subject. A rule takes the `Material` of a chapter and yields findings."""

from __future__ import annotations

from mi_course.authoring.rules.material import Finding, Material

__all__ = ["Finding", "Material"]
