"""Registered versions as a table for people."""

from __future__ import annotations

from collections.abc import Sequence

from digits.registry.protocol import ModelVersion

HEADER = ("VERSION", "STAGE", "CREATED", "SHA256", "TEST ACCURACY", "TAGS")


def table(versions: Sequence[ModelVersion]) -> str:
    """One line for each version under a header, columns aligned."""
    rows = [HEADER, *(_row(version) for version in versions)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _row(version: ModelVersion) -> tuple[str, ...]:
    return (
        version.reference,
        ", ".join(version.stages) or "-",
        version.created,
        version.sha256[:12],
        _percent(version.metrics.get("test_accuracy")),
        ", ".join(f"{key}={value}" for key, value in sorted(version.tags.items())) or "-",
    )


def _percent(share: object) -> str:
    return f"{share:.2%}" if isinstance(share, int | float) else "-"
