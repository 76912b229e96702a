"""A risk model of one administration: learned from its own declarations and its own inspection results.

`reading` brings in `lines` and results (`inspected`); `features` and `rates` make numbers of lines, `boosting` grows
trees over them, `calibration` makes probabilities of their scores, and `making` does all three. `validation` tries the
whole recipe on lines that it never saw, copies kept together (`groups`), judged by `metrics`; `training` writes the
model with that (`model_files`, whose trees `tree_text` checks). Then `scoring` with `reasons`, `selection` with its
random share, `drift`, `profiles` with their `intervals`, and the `card`.

Nothing here knows the ledger, and the ledger's signals know nothing of this: a desk shows both, and adds up neither.
"""
