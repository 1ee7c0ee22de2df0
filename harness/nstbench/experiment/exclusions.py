"""Points that are taken out of a product: rules about the values on its axes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from nstbench.api import did_you_mean
from nstbench.experiment.choice import Choice, choose
from nstbench.experiment.messages import brief
from nstbench.experiment.places import Mistake, Path


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Rules; a point is excluded by one whose every setting has, there, one of the rule's labels.

    Attributes:
        exact: the settings of rules with one label each -> those labels, to be looked up.
        others: setting -> labels, of rules to which several labels mean the same value.
    """

    exact: Mapping[tuple[str, ...], set[tuple[str, ...]]] = field(default_factory=dict)
    others: Sequence[Mapping[str, frozenset[str]]] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether the point with these labels, by setting, is excluded."""
        looked_up = (tuple(labels[name] for name in names) in known for names, known in self.exact.items())
        return any(looked_up) or any(
            all(labels[name] in allowed for name, allowed in rule.items()) for rule in self.others
        )


def read_exclusions(
    entries: Iterable[tuple[Mapping[str, Any], Path]],
    axes: Mapping[str, tuple[Choice, ...]],
    overridden: Mapping[str, Choice],
    mistakes: list[Mistake],
) -> Exclusions:
    """Understand `exclude`; add what is wrong to `mistakes`.

    Args:
        entries: each rule as written, and where it stands.
        overridden: settings that `--set` fixed; a rule may still name them.
    """
    labels = {name: _Labels([choice]) for name, choice in overridden.items()}
    labels |= {name: _Labels(choices) for name, choices in axes.items()}
    exact: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
    others = []
    for entry, where in entries:
        rule = {}
        for name, wanted in entry.items():
            rule[name] = labels[name].of(wanted) if name in labels else frozenset()
            if name not in overridden and not rule[name]:
                mistakes.append(_never_excludes((*where, name), wanted, axes))
        if not (rule and all(rule.values())):
            continue
        kept = {name: found for name, found in sorted(rule.items()) if name not in overridden}
        if all(len(found) == 1 for found in kept.values()):
            exact[tuple(kept)].add(tuple(label for found in kept.values() for label in found))
        else:
            others.append(kept)
    return Exclusions(dict(exact), tuple(others))


class _Labels:
    """The labels of a setting's values."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        self._choices = choices
        self._all = {choice.label for choice in choices}
        self._by_value: dict[Any, set[str]] = defaultdict(set)
        for choice in choices:
            self._by_value[choice.alone].add(choice.label)

    def of(self, wanted: Any) -> frozenset[str]:
        """Return those that are what is wanted, or whose value it is."""
        named = {wanted} & self._all if isinstance(wanted, str) else set()
        other = choose(self._choices[0].setting, wanted, (), []) if self._choices else None
        return frozenset(named | (self._by_value.get(other.alone, set()) if other else set()))


def _never_excludes(path: Path, wanted: Any, axes: Mapping[str, tuple[Choice, ...]]) -> Mistake:
    name = str(path[-1])
    if not axes.get(name):
        text = f"exclude names {brief(name)}, which is no axis; axes: {', '.join(axes) or 'none'}."
        return Mistake(path, text, True, lambda: did_you_mean(name, axes))
    labels = [choice.label for choice in axes[name][:100]]
    text = f"the axis {name!r} has no such value; it has {', '.join(labels)}."
    return Mistake(path, text, hint=lambda: did_you_mean(wanted, labels) if isinstance(wanted, str) else "")
