"""How many objects perform a motion?"""

from qa_templates.count_cycles import next_numbers
from qa_templates.observation import only_performance, require_perceptible, reversed_motion, spread
from qa_templates.question import QUESTIONS, Evidence, QuestionTemplate
from qa_templates.recognise_motion import level_motions
from qa_templates.which_object_does import OBJECTS
from scenes.motions.motion import MOTIONS
from scenes.rejection import Rejected
from scenes.script import Beat, Role, Script, span_s
from scenes.timing import room_s
from scenes.twins import redone, suits


@QUESTIONS.register
class CountObjects(QuestionTemplate):
    """Four objects move, some of them in the way that is asked for."""

    question_type = "Repetition Count"
    wordings = (
        "How many of the objects {motion}?",
        "How many objects {motion} in this video?",
        "Count the objects that {motion}.",
        "What is the number of objects that {motion}?",
    )

    def option_sets(self, scene):
        return [("1", "2", "3", "4")]

    def script(self, answer, options, rng, scene):
        motions = [str(name) for name in rng.permutation(self.motions(scene))[:4]]
        performed = rng.permutation([motions[0]] * int(answer) + motions[1 : 1 + len(OBJECTS) - int(answer)])
        roles = tuple(Role(key, (Beat(str(motion)),)) for key, motion in zip(OBJECTS, performed, strict=True))
        needed_s = max(room_s(span_s(motion)) for motion in motions)
        return Script(roles, round=any(MOTIONS[name].rolls for name in motions), room_s=needed_s, slots={"motion": motions[0]})

    def measure(self, asked, paths, seen):
        found = [only_performance(paths, asked.slots[key]) for key in OBJECTS]
        margin_px = require_perceptible(paths, seen, *found)
        chosen = [item.subject for item in found if item.motion == asked.slots["motion"]]
        subjects = tuple(item.subject for item in found)
        return Evidence("objects that perform the motion", chosen, "", margin_px, "px above visible", spread(found), subjects)

    def answer(self, evidence, asked):
        return str(len(evidence.value)) if evidence.value else None

    def option_text(self, answer, slots):
        return answer

    def twins(self, answer, options):
        return next_numbers(answer, options)

    def twin(self, spec, asked, answer, rng, scene):
        """One more of the objects takes part, or one of them does something else instead."""
        doing = {name: spec.object(name).actions[0].name for name in (asked.slots[key] for key in OBJECTS)}
        motion = asked.slots["motion"]
        more = int(answer) > int(asked.answer)
        name = str(rng.choice([name for name, done in doing.items() if (done == motion) != more]))
        if more:
            return redone(spec, name, Beat(motion), rng, scene), "count"
        others = [other for other in self.besides(doing.values(), scene) if suits(other, spec.object(name))]
        if not others:
            raise Rejected("staging", "no other motion for such a shape")
        return redone(spec, name, Beat(str(rng.choice(others))), rng, scene), "count"

    def motions(self, scene):
        """What the objects may do."""
        return level_motions(scene, 4)

    def besides(self, doing, scene):
        """What else they may do, beside motions that are performed."""
        return [name for name in self.motions(scene) if name not in doing]

    def reversed_in_time(self, asked):
        return asked if reversed_motion(asked.slots["motion"]) == asked.slots["motion"] else None
