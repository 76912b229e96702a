"""What is kept is given again, up to a bound."""

from __future__ import annotations

from ledger.core.kept import Kept


def test_what_was_put_in_is_given_again() -> None:
    kept: Kept[str, int] = Kept(2)
    assert kept.put("one", 1) == 1
    assert kept.get("one") == 1
    assert (kept.get("two"), kept.get("two", 0)) == (None, 0)


def test_nothing_that_is_kept_is_not_taken_for_what_is_missing() -> None:
    kept: Kept[str, int | None] = Kept(1)
    kept.put("nothing", None)
    assert kept.get("nothing", 7) is None


def test_beyond_the_bound_the_first_goes_first() -> None:
    kept: Kept[int, str] = Kept(2)
    for number in range(4):
        kept.put(number, str(number))
    assert [kept.get(number) for number in range(4)] == [None, None, "2", "3"]
