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


def test_beyond_the_bound_goes_what_was_not_asked_for_longest() -> None:
    kept: Kept[int, str] = Kept(3)
    for number in range(3):
        kept.put(number, str(number))
    kept.get(0)
    kept.put(3, "3")
    assert [kept.get(number) for number in range(4)] == ["0", None, "2", "3"]
    assert len(kept) == 3


def test_a_copy_without_some_leaves_the_first_as_it_was() -> None:
    kept: Kept[int, str] = Kept(2)
    kept.put(1, "one")
    kept.put(2, "two")
    copy = kept.without([2, 5])
    assert [(each.get(1), each.get(2)) for each in (copy, kept)] == [("one", None), ("one", "two")]
    for number in (6, 7, 8):
        copy.put(number, "more")
    assert (len(copy), len(kept)) == (2, 2)


def test_what_is_weighed_is_kept_up_to_a_weight() -> None:
    kept: Kept[str, str] = Kept(10, len)
    for value in ("aaaa", "bbbb", "cc"):
        kept.put(value[0], value)
    assert len(kept) == 3
    kept.put("a", "aaaaaa")  # in place of the first: 12 with the others
    assert [key for key, _ in kept.items()] == ["c", "a"]
    copy = kept.without(["a"])
    copy.put("d", "dddddddd")
    assert [key for key, _ in copy.items()] == ["c", "d"]
    copy.put("e", "e" * 11)  # too heavy for anything
    assert len(copy) == 0
    copy.put("f", "f" * 10)
    assert len(copy) == 1
