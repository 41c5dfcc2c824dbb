"""How well the whole reader reads: pictures in, readings out, figures with their uncertainty.

Measures what is shipped, through `digits.reader` and `digits.wire` as everybody else uses them,
and changes nothing. `digits.evaluation.suite` runs all of it; docs/evaluation.md says what each
figure means and how it is kept honest.
"""
