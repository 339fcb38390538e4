"""To which object does another one do something?"""

from qa_templates.event_words import pair_events
from qa_templates.question import QUESTIONS
from qa_templates.who_does_it import WhoDoesIt
from scenes.events.event import EVENTS


@QUESTIONS.register
class ToWhom(WhoDoesIt):
    """The same the other way round: the object to which it is done."""

    part = 1
    wordings = (
        "Which object is {done} another one?",
        "Which of the objects is {done} another one?",
        "One object is {done} another. Which one?",
        "Watch what is done to whom: which object is {done} another one?",
    )

    def _events(self, scene):
        return [name for name in pair_events(scene) if EVENTS[name].passive]

    def words(self, slots):
        return {"done": EVENTS[slots["event"]].passive}
