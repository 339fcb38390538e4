"""What an independent check of an answer is: a rule for each question template, and a verdict for each question.

A *rule* reads a question as a viewer does, in words, measures the clip in a way of its own and says of each option
whether it is true. It knows neither the right letter nor the template's answer keys, and it uses none of the code that
staged or measured the answer (`scenes.kinematics`, `scenes.relations`, `qa_templates.observation` and their like).
Rules that read the exported trajectories are in `from_export`, those that read the video in `from_pixels`.

    @EXPORT_RULES.add("travel_direction", "avatar_direction")
    def direction(text: str, options: tuple[str, ...], clip: Recorded) -> Ruling:
        ...

A package of its own registers a module or function under the entry-point group ``motionfoundry.export_rules`` or
``motionfoundry.pixel_rules``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from generator.reader import ReadQuestion
from scenes.catalogue import discovered

Status = Literal["confirmed", "contradicted", "cannot tell"]
Source = TypeVar("Source")
NONE_OF_THESE = "None of these"


@dataclass(frozen=True)
class Ruling:
    """What was measured says of each option whether it is true: True, False, or None where it cannot tell.

    ``measured`` holds the figures behind it, by name, with their units in the names; ``why`` says what could not be told.
    """

    true: tuple[bool | None, ...]
    measured: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""

    @classmethod
    def unknown(cls, options: tuple[str, ...], why: str, **measured: Any) -> Ruling:
        """Nothing can be told of any option."""
        return cls((None,) * len(options), measured, why)

    @classmethod
    def only(cls, options: tuple[str, ...], right: str | None, **measured: Any) -> Ruling:
        """The option ``right`` is true and the others are not; with None, none of them is."""
        return cls(tuple(option == right for option in options), measured)

    @classmethod
    def meaning(cls, read: Sequence[Any | None], right: Any, /, **measured: Any) -> Ruling:
        """The options that were read as ``right`` are true; of one whose words are not known, read as None, nothing is told."""
        true = tuple(None if each is None else each == right for each in read)
        return cls(true, measured, "the words of an option are not known" if None in true else "")


@dataclass(frozen=True)
class Verdict:
    """What a check found out about one question. ``found`` is the letter that the measures give, where they give one."""

    uid: str
    key: str
    question_type: str
    template: str
    answer: str
    found: str | None
    status: Status
    why: str
    measured: Mapping[str, Any]


Rule = Callable[[str, tuple[str, ...], Source], Ruling]


class Rules(Mapping[str, Rule[Source]], Generic[Source]):
    """Rules by the name of the template that they check, filled by ``@rules.add(template, …)``.

    Every module of ``package`` is imported at the first look-up, and every entry point of the group.

    Args:
        every: whether an answer is confirmed only when something was told of every other option, too.
    """

    def __init__(self, package: str, group: str, *, every: bool = False) -> None:
        self._package, self.group, self.every = package, group, every
        self._rules: dict[str, Rule[Source]] = {}
        self._discovered = False

    def add(self, *templates: str) -> Callable[[Rule[Source]], Rule[Source]]:
        """Decorator. Raises ValueError when a template has a rule already."""

        def register(rule: Rule[Source]) -> Rule[Source]:
            for name in templates:
                taken = self._rules.setdefault(name, rule)
                if (taken.__module__, taken.__qualname__) != (rule.__module__, rule.__qualname__):
                    raise ValueError(f"the template {name!r} has a rule already, in {taken.__module__}; rename {rule!r}")
            return rule

        return register

    def __getitem__(self, template: str) -> Rule[Source]:
        self._discover()
        return self._rules[template]

    def __iter__(self) -> Iterator[str]:
        self._discover()
        return iter(sorted(self._rules))

    def __len__(self) -> int:
        self._discover()
        return len(self._rules)

    def _discover(self) -> None:
        if not self._discovered:
            self._discovered = True
            discovered(self._package, self.group)


def judge(key: str, question: ReadQuestion, rules: Rules[Source], source: Source) -> Verdict:
    """Have the rule of its template decide a question, and compare with the answer on record.

    Where one of the options reads "None of these", it is true when none of the others is; the rule does not see it.
    """
    rule = rules.get(question.template)
    stated = tuple(option for option in question.options if option != NONE_OF_THESE)
    ruling = Ruling.unknown(stated, "no rule for this template") if rule is None else rule(question.text, stated, source)
    if len(ruling.true) != len(stated):
        raise ValueError(f"the rule of {question.template} ruled on {len(ruling.true)} options of {len(stated)}")
    status, found, why = _decided(question, dict(zip(stated, ruling.true, strict=True)), ruling.why, rules.every)
    return Verdict(question.uid, key, question.question_type, question.template, question.answer, found, status, why, ruling.measured)


def _decided(question: ReadQuestion, true: Mapping[str, bool | None], why: str, every: bool) -> tuple[Status, str | None, str]:
    """Status, letter found, and why not another. With ``every``, nothing is confirmed while an option is open."""
    letters = dict(zip("ABCDEFGHIJ", question.options, strict=False))
    right = [letter for letter, option in letters.items() if true.get(option)]
    open_ = [letter for letter, option in letters.items() if option in true and true[option] is None]
    none = [letter for letter, option in letters.items() if option == NONE_OF_THESE]
    found = right if right else none if not open_ else []
    if len(found) == 1:
        if found[0] == question.answer:
            return ("cannot tell", None, why or "not every option can be told") if open_ and every else ("confirmed", found[0], "")
        return ("contradicted", found[0], f"measured {found[0]}, on record {question.answer}")
    if not open_ or len(right) > 1:
        told = f"{', '.join(right)} are all true" if right else "no option is true"
        return "contradicted", None, f"{told}, on record {question.answer}"
    if true.get(letters.get(question.answer, "")) is False:
        return "contradicted", None, f"the option on record, {question.answer}, is not true"
    return "cannot tell", None, why or "not every option can be told"
