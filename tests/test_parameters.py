"""A model's card carries the reader's parameters, and an unknown one is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, fields, is_dataclass, replace

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
        ({"ink": {"most_noise": float("nan")}}, "parameters.ink.most_noise .* not nan"),
        ({"ink": {"most_noise": float("inf")}}, "parameters.ink.most_noise .* not inf"),
        ({"ink": {"most_noise": 10**400}}, "parameters.ink.most_noise .* finite number"),
        ({"ink": {"most_noise": True}}, "parameters.ink.most_noise .* not True"),
        ({"search": {"several": 1.9}}, "parameters.search.several .* whole number .* not 1.9"),
        ({"search": {"several": -1}}, "parameters.search.several .* from 1 .* not -1"),
        ({"search": {"several": 1e9}}, r"parameters.search.several .* not 1,000,000,000"),
        ({"ink": {"working_pixels": 6e6}}, "parameters.ink.working_pixels .* to 5,000,000, not"),
        ({"ink": {"most_noise": -1}}, "parameters.ink.most_noise .* from 0 to 1,000,000, not -1"),
        ({"ink": {"most_noise": 1e7}}, "parameters.ink.most_noise .* not 10,000,000"),
        ({"search": {"company": {"usual_share": 0}}}, "company.usual_share .* between 0 and 1"),
        ({"search": {"company": {"usual_share": 1}}}, "company.usual_share .* between 0 and 1"),
        ({"search": {"company": {"usual_weight": 0}}}, "company.usual_weight .* more than 0"),
        ({"search": {"company": {"page_weight": 0}}}, "company.page_weight .* more than 0"),
        ({"search": {"company": {"unlike": 0.5}}}, "company.unlike .* less than alike, 0.5"),
        ({"search": {"company": {"signs": {"dwarf": 0.75}}}}, "signs.dwarf .* less than .*, 0.75"),
    ],
)
def test_a_wrong_card_is_refused_by_name(values, named):
    with pytest.raises(ModelError, match=named):
        Parameters.from_dict(values)


def counts(parameters: object) -> Iterator[list[str]]:
    """The ways to all whole numbers."""
    for entry in fields(parameters):
        value = getattr(parameters, entry.name)
        if is_dataclass(value):
            yield from ([entry.name, *further] for further in counts(value))
        elif isinstance(value, int):
            yield [entry.name]


@pytest.mark.parametrize("way", list(counts(Parameters())), ids=".".join)
def test_no_count_may_be_0(way: list[str]):
    values: object = 0
    for name in reversed(way):
        values = {name: values}

    with pytest.raises(ModelError, match=f"parameters.{'.'.join(way)} .* from 1 to .*, not 0"):
        Parameters.from_dict(values)


def test_a_number_may_be_written_with_a_point_or_without():
    read = Parameters.from_dict({"search": {"several": 4.0, "leave_out": 2}}).search

    assert (read.several, read.leave_out) == (4, 2.0)
    assert isinstance(read.several, int)
    assert isinstance(read.leave_out, float)


def test_a_card_that_may_need_more_labels_than_there_are_is_refused():
    """600 pieces need 30,600: 1 each, 8 when rows are parted, and 17 and 25 parts when cut."""
    most = {"layout": {"most_pieces": 642}}

    assert Parameters.from_dict(most).layout.most_pieces == 642
    for one_more in (
        {"layout": {"most_pieces": 643}},
        most | {"apart": {"rounds": 5}},
        {"layout": {"most_pieces": 642, "cuts": 17}},
        {"layout": {"most_pieces": 642, "touching_cuts": 25}},
    ):
        with pytest.raises(ModelError, match="layout.most_pieces .* labels, of which .* 32,767"):
            Parameters.from_dict(one_more)
