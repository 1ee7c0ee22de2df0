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
class _Axis:
    """Which rules a label of one setting leaves open, as numbers with a bit for each rule.

    Attributes:
        by_label: of the labels that rules name.
        otherwise: the rules that do not name the setting.
    """

    by_label: Mapping[str, int]
    otherwise: int


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Rules; a point is excluded by one whose every setting has, there, one of the rule's labels.

    A point is held against all rules at once, however many labels they have.

    Attributes:
        rules: a number with a bit for each of them.
        axes: by the settings that they name.
    """

    rules: int = 0
    axes: Mapping[str, _Axis] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: Sequence[Mapping[str, frozenset[str]]]) -> Exclusions:
        """Understand rules, each of which has labels by setting."""
        whole = (1 << len(rules)) - 1
        named: dict[str, dict[frozenset[str], int]] = defaultdict(lambda: defaultdict(int))
        for number, rule in enumerate(rules):
            for name, labels in rule.items():
                named[name][labels] |= 1 << number
        axes = {}
        for name, masks in named.items():
            otherwise = whole - sum(masks.values())
            by_label: dict[str, int] = {}
            for labels, mask in masks.items():
                by_label |= {label: by_label.get(label, otherwise) | mask for label in labels}
            axes[name] = _Axis(by_label, otherwise)
        return cls(whole, axes)

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether the point with these labels, by setting, is excluded."""
        left = self.rules
        for name, axis in self.axes.items():
            left &= axis.by_label.get(labels[name], axis.otherwise)
        return left != 0


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
    rules = []
    for entry, where in entries:
        rule = {}
        for name, wanted in entry.items():
            rule[name] = labels[name].of(wanted) if name in labels else frozenset()
            if name not in overridden and not rule[name]:
                mistakes.append(_never_excludes((*where, name), wanted, axes))
        if rule and all(rule.values()):
            rules.append({name: found for name, found in rule.items() if name not in overridden})
    return Exclusions.of(rules)


class _Labels:
    """The labels of a setting's values."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        self._choices = choices
        self._all = {choice.label for choice in choices}
        by_value: dict[Any, set[str]] = defaultdict(set)
        for choice in choices:
            by_value[choice.alone].add(choice.label)
        self._by_value = {value: frozenset(labels) for value, labels in by_value.items()}

    def of(self, wanted: Any) -> frozenset[str]:
        """Return those that are what is wanted, or whose value it is."""
        named = {wanted} & self._all if isinstance(wanted, str) else set()
        other = choose(self._choices[0].setting, wanted, (), []) if self._choices else None
        same = self._by_value.get(other.alone, frozenset()) if other else frozenset()
        return same if named <= same else same | named  # itself, as it may be large


def _never_excludes(path: Path, wanted: Any, axes: Mapping[str, tuple[Choice, ...]]) -> Mistake:
    name = str(path[-1])
    if not axes.get(name):
        text = f"exclude names {brief(name)}, which is no axis; axes: {', '.join(axes) or 'none'}."
        return Mistake(path, text, True, lambda: did_you_mean(name, axes))
    labels = [choice.label for choice in axes[name][:100]]
    text = f"the axis {name!r} has no such value; it has {', '.join(labels)}."
    return Mistake(path, text, hint=lambda: did_you_mean(wanted, labels) if isinstance(wanted, str) else "")
