"""The rules for the number of instances: complete for Azure Monitor, or refused by name."""

from __future__ import annotations

import copy

import pytest
import yaml

from digits.deployment.azure_autoscale import TAG, Autoscale, problems
from digits.deployment.azure_spec import FOLDER, Spec
from digits.errors import ConfigurationError

RULES = yaml.safe_load((FOLDER / "autoscale.yml").read_text())
TARGET = "/subscriptions/s/resourceGroups/g/providers/p/onlineEndpoints/e/deployments/blue"


def changed(*path, value):
    """The project's rules, one value in them replaced."""
    rules = copy.deepcopy(RULES)
    inner = rules
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return rules


def test_the_projects_rules_grow_and_shrink():
    assert problems(RULES, instances=1) == []
    profile = Autoscale(yaml=RULES).settings(target=TARGET, location="x")["properties"]["profiles"]
    rules = profile[0]["rules"]
    out, back = sorted(rules, key=lambda rule: rule["scaleAction"]["direction"], reverse=True)
    assert out["scaleAction"]["direction"] == "Increase"
    assert back["scaleAction"]["direction"] == "Decrease"
    # Else the instance that is taken away would have to come back at once: two share its load.
    assert back["metricTrigger"]["threshold"] * 2 < out["metricTrigger"]["threshold"]


def test_the_settings_are_about_the_deployment_and_in_azures_types():
    rules = Autoscale(yaml=RULES)
    settings = rules.settings(target=TARGET, location="westeurope")
    assert settings["location"] == "westeurope"
    assert settings["tags"] == {TAG: rules.fingerprint}
    properties = settings["properties"]
    assert properties["enabled"] is True
    assert properties["targetResourceUri"] == TARGET
    assert properties["profiles"][0]["capacity"] == {"minimum": "1", "maximum": "4", "default": "1"}
    for rule in properties["profiles"][0]["rules"]:
        assert rule["metricTrigger"]["metricResourceUri"] == TARGET
        assert rule["scaleAction"]["value"] == "1"


def test_other_rules_have_another_fingerprint():
    other = Autoscale(yaml=changed("capacity", "maximum", value=5))
    assert other.fingerprint != Autoscale(yaml=RULES).fingerprint


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("capacity", "minimum"), 0, "whole numbers from 1"),
        (("capacity", "maximum"), "4", "whole numbers from 1"),
        (("capacity", "default"), 5, "capacity is 1 to 4, by default 5"),
        (("capacity", "minimum"), 5, "capacity is 5 to 4"),
        (("rules",), [], "rules are missing"),
        (("rules", 0, "scaleAction", "direction"), "Decrease", "all rules Decrease"),
        (("rules", 0, "scaleAction", "direction"), "Up", "rule 1: direction is 'Up'"),
        (("rules", 1, "scaleAction", "value"), 0, "rule 2: value is 0"),
        (("rules", 0, "scaleAction", "cooldown"), "5m", "rule 1: cooldown is '5m'"),
        (("rules", 0, "metricTrigger", "threshold"), -70, "threshold is -70"),
        (("rules", 0, "metricTrigger", "operator"), ">", "operator is '>'"),
        (("rules", 0, "metricTrigger", "metricName"), None, "metricName is missing"),
        (("rules", 0, "metricTrigger", "timeWindow"), "PT4M", "timeWindow is PT4M"),
        (("rules", 0, "metricTrigger", "timeWindow"), "PT13H", "timeWindow is PT13H"),
    ],
)
def test_what_azure_would_refuse_is_refused_with_the_field_named(path, value, complaint):
    found = problems(changed(*path, value=value), instances=1)
    assert any(complaint in line for line in found), found
    assert all(line.startswith("autoscale.yml: ") for line in found)


@pytest.mark.parametrize("window", ["PT5M", "PT12H"])
def test_the_bounds_of_a_window_are_allowed(window):
    rules = changed("rules", 0, "metricTrigger", "timeWindow", value=window)
    assert problems(rules, instances=1) == []


def test_the_number_of_instances_must_be_within_the_capacity():
    with pytest.raises(ConfigurationError, match="capacity is 1 to 4, but instance_count is 5"):
        Spec.read(environ={}, instance_count=5)
    assert Spec.read(environ={}, instance_count=5, autoscale=False).autoscale is None


@pytest.mark.parametrize(
    ("serving", "wanted"),
    [([], 2), ([1], 2), ([3], 3), ([3, 1], 3), ([9], 4)],
)
def test_a_new_colour_starts_with_what_the_traffic_needs(serving, wanted):
    assert Spec.read(environ={}, instance_count=2).instances(serving) == wanted


def test_without_rules_a_new_colour_starts_as_configured():
    assert Spec.read(environ={}, instance_count=2, autoscale=False).instances([3]) == 2
