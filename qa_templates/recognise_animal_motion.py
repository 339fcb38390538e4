"""What does a four-legged animal do?"""

from qa_templates.question import QUESTIONS
from qa_templates.recognise_avatar_motion import RecogniseAvatarMotion


@QUESTIONS.register
class RecogniseAnimalMotion(RecogniseAvatarMotion):
    """The same of a four-legged avatar."""

    legs = 4
    wordings = (
        "What does {subject} do?",
        "Which of these does {subject} do in this video?",
        "How does {subject} move?",
        "Watch {subject}. What is it doing?",
    )
