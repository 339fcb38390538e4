"""From intent to staged scene, and from the solved scene to proved questions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from qa_templates.difficulty import Measured, QuestionDifficulty
from qa_templates.question import LETTERS, QUESTIONS, Asked, Disagreement, Evidence, Question, QuestionOptions, QuestionTemplate
from qa_templates.quota import Intent, draw_options, template_shares
from qa_templates.sampling import required_fps
from scenes.rejection import Rejected
from scenes.script import SceneOptions
from scenes.staging import ClipIdentity, compose
from scenes.streams import Streams
from scenes.types import SceneSpec, Trajectories, Visibility, Watch

NONE_OF_THESE = "none of these"


@dataclass(frozen=True)
class Staged:
    """A scene built so that the question has the intended answer."""

    spec: SceneSpec
    asked: Asked


def stage(intent: Intent, clip_id: str, streams: Streams, scene: SceneOptions) -> Staged:
    """Build a scene for an intent. Raises Rejected when this attempt's draw is infeasible."""
    script = QUESTIONS[intent.template]().script(intent.answer, intent.options, streams.rng("script"), scene)
    spec, names = compose(script, ClipIdentity(clip_id, intent.split, intent.index, intent.seed), streams, scene)
    return Staged(spec, Asked(intent.template, intent.options, intent.letter, {**script.slots, **names}, intent.none))


def ask(
    staged: Staged,
    paths: Trajectories,
    seen: Visibility,
    streams: Streams,
    scene: SceneOptions,
    options: QuestionOptions,
    visible: Callable[[Visibility, Watch], bool],
) -> tuple[Question, ...]:
    """The intended question, and as many extra ones as are wanted and the clip supports.

    Args:
        visible: whether a watch is fulfilled; extra questions that fail it are not asked.

    Raises:
        Rejected: the intended answer is too close to call, or could not be perceived.
        Disagreement: the staged answer and the measured one differ.
    """
    intended = prove(staged.asked, paths, seen)
    questions = [_written(staged.spec, staged.asked, intended, paths, seen, streams, scene, 0)]
    others = [
        str(name) for name in streams.rng("extra questions").permutation(list(template_shares(options))) if name != staged.asked.template
    ]
    for name in others:
        if len(questions) >= options.questions_per_video:
            break
        extra = _noticed(QUESTIONS[name](), len(questions), paths, seen, streams, scene, visible)
        if extra is not None:
            questions.append(_written(staged.spec, *extra, paths, seen, streams, scene, len(questions)))
    return tuple(questions)


def prove(asked: Asked, paths: Trajectories, seen: Visibility) -> Evidence:
    """Recompute an answer from what was exported.

    Raises:
        Rejected: it is too close to call, or could not be perceived.
        Disagreement: it is another one than was asked for.
    """
    template = QUESTIONS[asked.template]()
    evidence = template.measure(asked, paths, seen)
    measured = template.answer(evidence, asked)
    if measured is None:
        raise Rejected("question", "the answer is too close to call")
    if measured != asked.answer:
        raise Disagreement(f"{asked.template}: staged {asked.answer!r}, measured {measured!r} from {evidence}")
    return evidence


def _noticed(
    template: QuestionTemplate,
    rank: int,
    paths: Trajectories,
    seen: Visibility,
    streams: Streams,
    scene: SceneOptions,
    visible: Callable[[Visibility, Watch], bool],
) -> tuple[Asked, Evidence] | None:
    """An extra question, or None when the clip does not support it."""
    try:
        noticed = template.notice(paths, streams.rng(f"notice {template.name}"), scene)
        if noticed is None:
            return None
        key = (streams.seed, f"{streams.split}/extra {rank}", streams.index)
        options, letter = draw_options(template.name, noticed[0], key, scene)
        asked = Asked(template.name, options, letter, noticed[1])
        evidence = prove(asked, paths, seen)
    except Rejected:
        return None
    if not all(visible(seen, watch) for watch in template.watches(asked, evidence, paths)):
        return None
    return asked, evidence


def _written(
    spec: SceneSpec,
    asked: Asked,
    evidence: Evidence,
    paths: Trajectories,
    seen: Visibility,
    streams: Streams,
    scene: SceneOptions,
    rank: int,
) -> Question:
    template = QUESTIONS[asked.template]()
    texts = [template.option_text(key, asked.slots) for key in asked.options]
    if len(set(texts)) != len(LETTERS):
        raise Disagreement(f"{asked.template}: options {texts} are not four different ones")
    if asked.none is not None:
        texts[asked.none] = NONE_OF_THESE
    return Question(
        uid=hashlib.blake2b(f"{spec.clip_id}/{rank}/{asked.template}".encode(), digest_size=8).hexdigest(),
        question_type=template.question_type,
        template=asked.template,
        text=_sentence(template.text(asked.slots, streams.rng(f"wording {rank}"))),
        options=tuple(_sentence(text) for text in texts),
        answer=asked.letter,
        evidence=evidence,
        difficulty=QuestionDifficulty(scene.levels, Measured.of(evidence, paths, seen)),
        required_fps=required_fps(template.needs(asked, evidence, paths), paths.fps),
        asked=asked,
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
