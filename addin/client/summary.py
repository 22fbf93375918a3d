"""The words of a message box: what came of an upload, a push, a load. For merchandisers, short, numbers first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from addin.client.control import Written
from addin.client.outcome import Outcome

_MOST_LINES = 12
_HEADS = {
    "validated": "Checked. Nothing was changed.",
    "applied": "Applied.",
    "partly_applied": "The good rows were applied; the others were left out.",
    "refused": "Nothing was applied.",
    "duplicate": "Nothing was applied: the same content was applied before.",
    "undone": "This upload was applied and taken back since.",
}
_WORDS = {
    "ok": "good",
    "warning": "with a warning",
    "error": "with an error",
    "conflict": "changed by somebody else meanwhile",
    "unchanged": "unchanged",
    "skipped": "applied before, left alone",
}


def of_outcome(outcome: Outcome, *, notes_left_out: int = 0, painted: bool = True) -> str:
    """What came of an upload. `painted`: whether the sheet shows it."""
    lines = [f"{_head(outcome)} Upload {outcome.id}."]
    counts = [f"{outcome.counts[kind]:,} {words}" for kind, words in _WORDS.items() if outcome.counts.get(kind)]
    lines.append(f"{many(outcome.counts.get('rows', 0), 'row')}: {', '.join(counts)}." if counts else "No rows.")
    lines += [_sentence(text) for text in outcome.messages]
    if outcome.bad_rows and painted:
        lines.append("The first wrong cell is selected; the Message column says what to do.")
    if notes_left_out:
        lines.append(
            f"{many(notes_left_out, 'more cell')} without a note: a workbook gets 200 notes at most. "
            "The Message column says everything."
        )
    return "\n".join(lines)


def _head(outcome: Outcome) -> str:
    counts = outcome.counts
    if outcome.status == "applied" and counts.get("rows") and not counts.get("ok") and not counts.get("warning"):
        return "There was nothing left to apply."
    return _HEADS.get(outcome.status, outcome.status)


def of_load(title: str, loaded: int, kept: int) -> str:
    """What Load current data did."""
    lines = [f"{title}: {many(loaded, 'record')} loaded."]
    if kept:
        lines.append(
            f"{many(kept, 'row')} that you typed and did not apply {'was' if kept == 1 else 'were'} kept as "
            f"{'it is' if kept == 1 else 'they are'}."
        )
    return "\n".join(lines)


def of_sync(counts: Mapping[str, Any]) -> str:
    """What reading orders brought."""
    told = [f"{name.replace('_', ' ')}: {value:,}" for name, value in counts.items() if isinstance(value, int)]
    return "\n".join(["Orders were read from the stores.", *(told or ["Nothing new."])])


def of_push(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], asked: int, *, settled: bool
) -> str:
    """What a Push Now changed where."""
    if not asked:
        return "Nothing to push: none of these SKUs is mapped to a store's listing."
    told_before = {each["id"]: each for each in before}
    told = [each for each in after if _was_told(told_before.get(each["id"]), each)]
    changed = [each for each in told if told_before.get(each["id"], {}).get("told") != each["told"]]
    lines = [f"{many(len(told), 'listing')} told; {many(len(changed), 'quantity', 'quantities')} changed."]
    lines += _by_store(changed, told_before)
    lines += _not_told(after, told)
    if not settled:
        lines.append("Some stores have not answered yet; the push goes on by itself.")
    return "\n".join(lines)


def is_settled(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> bool:
    """Whether a listing's push came to an end: evaluated since, and nothing waits, or what waits can't be hurried."""
    evaluated = now["evaluated_at"] is not None and (before is None or now["evaluated_at"] != before["evaluated_at"])
    return evaluated and (now["state"] in (None, "failed") or now["paused_until"] is not None)


def _was_told(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> bool:
    return now["told_at"] is not None and (before is None or now["told_at"] != before["told_at"])


def _by_store(changed: Sequence[Mapping[str, Any]], before: Mapping[int, Mapping[str, Any]]) -> list[str]:
    lines = []
    for each in changed[:_MOST_LINES]:
        was = before.get(each["id"], {}).get("told")
        shown = "nothing" if was is None else was
        lines.append(f"{each['store']} · {each['store_sku']}: {shown} → {each['told']}")
    if len(changed) > _MOST_LINES:
        lines.append(f"… and {len(changed) - _MOST_LINES:,} more.")
    return lines


def _not_told(after: Sequence[Mapping[str, Any]], told: Sequence[Mapping[str, Any]]) -> list[str]:
    """Why the others were not told, one line per reason."""
    done = {each["id"] for each in told}
    reasons: dict[str, list[str]] = defaultdict(list)
    for each in after:
        if each["state"] == "failed":
            reasons[f"refused: {each['reason']}"].append(f"{each['store']} · {each['store_sku']}")
        elif each["id"] in done:
            continue
        elif each["paused_until"] is not None:
            why = (
                f"not told yet, as {each['store']} is paused ({each['paused_for']}); it is told once the store is back"
            )
            reasons[why].append(f"{each['store']} · {each['store_sku']}")
        elif each["state"] is None and each["result"] not in (None, "send", "nothing_to_send"):
            reasons[f"not pushed: {each['result'].replace('_', ' ')}"].append(f"{each['store']} · {each['store_sku']}")
    return [_reason(reason, names) for reason, names in list(reasons.items())[:_MOST_LINES]]


def _reason(reason: str, names: Sequence[str]) -> str:
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}: {reason}"


def many(count: int, one: str, several: str = "") -> str:
    """A count with its word."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


def _sentence(text: str) -> str:
    whole = text.strip()
    return whole[:1].upper() + whole[1:]


def of_refresh(said: str, written: Written) -> str:
    """What the control workbook says now, and which of its lists could not be brought up to date."""
    lines = [said]
    if written.blocked:
        blocked = ", ".join(written.blocked)
        lines.append(
            f"Not refreshed, because something is written below its table: {blocked}. Move it to a sheet of your own."
        )
    if written.gone:
        lines.append(f"Not found in this workbook: {', '.join(written.gone)}. Get it anew with Reports.")
    return "\n".join(lines)
