"""The rules by which Azure Monitor changes the number of instances: what they are, checked."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from digits.deployment.azure_yaml import Yaml, part

TAG = "rules"
"""Tag of the settings in Azure: the fingerprint of what they were made from."""

DURATION = re.compile(r"PT([1-9][0-9]*)([MH])")
SHORTEST_WINDOW_MIN, LONGEST_WINDOW_MIN = 5, 12 * 60
"""Minutes that a rule may look back."""

WORDS: Mapping[str, Sequence[str]] = {
    "operator": ("GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual"),
    "statistic": ("Average", "Min", "Max", "Sum"),
    "timeAggregation": ("Average", "Minimum", "Maximum", "Total", "Count", "Last"),
    "direction": ("Increase", "Decrease"),
    "type": ("ChangeCount", "PercentChangeCount", "ExactCount"),
}


@dataclass(frozen=True, kw_only=True)
class Autoscale:
    """deploy/autoscale.yml: the capacity between whose bounds the rules move."""

    yaml: Yaml

    @property
    def minimum(self) -> int:
        """The fewest instances."""
        return int(str(part(self.yaml, "capacity")["minimum"]))

    @property
    def maximum(self) -> int:
        """The most instances."""
        return int(str(part(self.yaml, "capacity")["maximum"]))

    @property
    def fingerprint(self) -> str:
        """What makes these rules these and no others."""
        return hashlib.sha256(json.dumps(self.yaml, sort_keys=True).encode()).hexdigest()[:16]

    def settings(self, *, target: str, location: str) -> dict[str, object]:
        """The body of Azure's resource; ``target`` is the ARM id of the deployment."""
        capacity = {key: str(value) for key, value in part(self.yaml, "capacity").items()}
        rules = [
            {
                "metricTrigger": {**part(rule, "metricTrigger"), "metricResourceUri": target},
                "scaleAction": _as_text(part(rule, "scaleAction"), "value"),
            }
            for rule in _rules(self.yaml)
        ]
        profile = {"name": "load", "capacity": capacity, "rules": rules}
        return {
            "location": location,
            "tags": {TAG: self.fingerprint},
            "properties": {
                "enabled": True,
                "targetResourceUri": target,
                "profiles": [profile],
            },
        }

    def describe(self) -> str:
        """One line for people."""
        rules = (
            f"{part(rule, 'scaleAction')['direction']} by {part(rule, 'scaleAction')['value']}"
            f" where {part(rule, 'metricTrigger')['metricName']}"
            f" {part(rule, 'metricTrigger')['operator']} {part(rule, 'metricTrigger')['threshold']}"
            f" over {part(rule, 'metricTrigger')['timeWindow']}"
            for rule in _rules(self.yaml)
        )
        return f"{self.minimum} to {self.maximum} instances: {'; '.join(rules)}"


def problems(values: Yaml, *, instances: object) -> list[str]:
    """All that is wrong with the rules, one line each; ``instances`` is a deployment's count."""
    found = list(_capacity(values, instances))
    rules = _rules(values)
    if not rules:
        found.append("rules are missing: without any, no load changes the number of instances")
    for index, rule in enumerate(rules, start=1):
        found += [f"rule {index}: {line}" for line in _rule(rule)]
    directions = {part(rule, "scaleAction").get("direction") for rule in rules}
    if len(directions) == 1:
        found.append(f"all rules {directions.pop()}: the way back is missing")
    return [f"autoscale.yml: {line}" for line in found]


def _capacity(values: Yaml, instances: object) -> Iterator[str]:
    capacity = part(values, "capacity")
    numbers = [capacity.get(name) for name in ("minimum", "default", "maximum")]
    if not all(isinstance(number, int) and number >= 1 for number in numbers):
        yield "capacity needs minimum, default and maximum, whole numbers from 1"
        return
    minimum, default, maximum = (int(str(number)) for number in numbers)
    if not minimum <= default <= maximum:
        yield f"capacity is {minimum} to {maximum}, by default {default}: that is not in between"
    elif isinstance(instances, int) and not minimum <= instances <= maximum:
        yield f"capacity is {minimum} to {maximum}, but instance_count is {instances}"


def _rule(rule: Yaml) -> Iterator[str]:
    trigger, action = part(rule, "metricTrigger"), part(rule, "scaleAction")
    for name, known in WORDS.items():
        value = {**trigger, **action}.get(name)
        if value not in known:
            yield f"{name} is {value!r}: it must be one of {', '.join(known)}"
    if not isinstance(trigger.get("metricName"), str):
        yield "metricName is missing"
    for where, name in ((trigger, "threshold"), (action, "value")):
        value = where.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            yield f"{name} is {value!r}: it must be a number above 0"
    for where, name in ((trigger, "timeGrain"), (trigger, "timeWindow"), (action, "cooldown")):
        if _minutes(where.get(name)) is None:
            yield f"{name} is {where.get(name)!r}: write minutes or hours like PT5M or PT1H"
    window = _minutes(trigger.get("timeWindow"))
    if window is not None and not SHORTEST_WINDOW_MIN <= window <= LONGEST_WINDOW_MIN:
        yield f"timeWindow is {trigger['timeWindow']}: Azure takes PT5M to PT12H"


def _minutes(text: object) -> int | None:
    found = DURATION.fullmatch(text) if isinstance(text, str) else None
    return int(found[1]) * {"M": 1, "H": 60}[found[2]] if found else None


def _rules(values: Yaml) -> list[Yaml]:
    rules = values.get("rules")
    return [rule for rule in rules if isinstance(rule, Mapping)] if isinstance(rules, list) else []


def _as_text(values: Yaml, name: str) -> dict[str, object]:
    return {**values, name: str(values[name])}
