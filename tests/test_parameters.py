"""A model's card carries the reader's parameters, and an unknown one is refused."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from digits.errors import ModelError
from digits.ink import InkParameters
from digits.parameters import Parameters


def test_parameters_survive_the_card():
    parameters = Parameters(ink=replace(InkParameters(), relative_threshold=0.5))

    assert Parameters.from_dict(asdict(parameters)) == parameters


def test_the_card_of_an_older_model_may_name_what_is_gone():
    assert Parameters.from_dict({"layout": {"fragment": 0.25}}) == Parameters()
    assert Parameters.from_dict({"search": {"company": {"elsewhere": 0.5}}}) == Parameters()


def test_what_the_card_does_not_name_has_its_default():
    assert Parameters.from_dict({}) == Parameters()
    assert Parameters.from_dict({"ink": {"small_side": 50}}).ink == InkParameters(small_side=50)


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"inc": {}}, "parameters.inc"),
        ({"ink": {"colour": 1}}, "parameters.ink.colour"),
        ({"ink": 3}, "parameters.ink"),
        ({"ink": {"small_side": "x"}}, "parameters.ink.small_side"),
        ({"layout": {"rules": {"span": None}}}, "parameters.layout.rules.span"),
    ],
)
def test_a_wrong_card_is_refused_by_name(values, named):
    with pytest.raises(ModelError, match=named):
        Parameters.from_dict(values)
