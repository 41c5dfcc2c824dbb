"""How YAML for Azure is read, what the environment may replace in it, and how it is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import yaml

from digits.errors import ConfigurationError

Yaml = Mapping[str, object]

COUNT = "instance_count"
"""The one choice that is a number."""


def read(path: Path) -> Yaml:
    """The mapping in a YAML file. Raises ConfigurationError when it is none."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from None
    if not isinstance(values, dict):
        raise ConfigurationError(f"{path} must hold fields with values")
    return values


def part(values: Yaml, name: str) -> Yaml:
    """A mapping within a mapping; empty where it is not there or no mapping."""
    value = values.get(name)
    return value if isinstance(value, Mapping) else {}


def choices(
    variables: Mapping[str, str],
    flags: Mapping[str, str | int | None],
    environ: Mapping[str, str],
) -> dict[str, str | int | None]:
    """What was chosen of what ``variables`` names: by a flag, else in the environment, else None.

    Raises ConfigurationError for a number that is none.
    """
    return {
        name: _from_environ(environ, variable, number=name == COUNT)
        if flags.get(name) is None
        else flags[name]
        for name, variable in variables.items()
    }


def named(endpoint: Yaml, deployment: Yaml, name: str | int | None) -> tuple[Yaml, Yaml]:
    """Both with another name of the endpoint, unless it is None."""
    if name is None:
        return endpoint, deployment
    return {**endpoint, "name": name}, {**deployment, "endpoint_name": name}


def on_image(deployment: Yaml, image: str | int | None) -> Yaml:
    """The deployment on another base image, unless it is None."""
    if image is None:
        return deployment
    return {**deployment, "environment": {**part(deployment, "environment"), "image": image}}


def refuse(problems: Sequence[str]) -> None:
    """Raises ConfigurationError listing the ``problems``, if there are any."""
    if problems:
        listed = "".join(f"\n  {problem}" for problem in problems)
        raise ConfigurationError(f"this cannot be deployed as configured:{listed}")


@contextmanager
def loaded_from(folder: Path) -> Iterator[None]:
    """Whatever the SDK's loaders say of the YAML in ``folder`` is a ConfigurationError."""
    try:
        yield
    except Exception as error:  # of several libraries; all are about the YAML
        line = " ".join(str(error).split())
        raise ConfigurationError(f"the YAML in {folder} cannot be used: {line}") from None


def _from_environ(environ: Mapping[str, str], variable: str, *, number: bool) -> str | int | None:
    text = environ.get(variable, "").strip()
    if number and text:
        if not text.isdecimal():
            raise ConfigurationError(f"{variable}={text!r} cannot be used: it must be a number")
        return int(text)
    return text or None
