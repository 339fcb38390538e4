"""A rule for every template: it confirms what the generator answers, and contradicts any other letter."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from generator.dataset import clip_key
from generator.options import FarmOptions, GenerateOptions, RenderOptions
from generator.pipeline import Tally, first_good_take
from generator.reader import ReadQuestion
from generator.verify.from_export import EXPORT_RULES, Recorded
from generator.verify.from_pixels import PIXEL_RULES
from generator.verify.ruling import judge
from qa_templates.question import LETTERS, QUESTIONS, QuestionOptions
from qa_templates.quota import intent

ROOT = Path(__file__).parent.parent
CLIPS = 2
LABELS = GenerateOptions(seed=11, render=RenderOptions(engine="none"), farm=FarmOptions(workers=0))


@cache
def asked(template: str, index: int) -> tuple[ReadQuestion, Recorded]:
    options = replace(LABELS, qa=QuestionOptions(templates=(template,)))
    key = clip_key(options.seed, options.split, index)
    take = first_good_take(intent(options.seed, options.split, index, options.qa, options.scene), key, options, Tally())
    question = take.questions[0]
    read = ReadQuestion(question.uid, question.question_type, question.template, question.text, question.options, question.answer)
    return read, Recorded(key, take.paths)


def test_every_template_has_a_rule():
    assert sorted(set(QUESTIONS) - set(EXPORT_RULES)) == []


@pytest.mark.parametrize("rules", [EXPORT_RULES, PIXEL_RULES], ids=["export", "pixels"])
def test_rules_are_for_templates_that_exist(rules):
    assert sorted(set(rules) - set(QUESTIONS)) == []


@pytest.mark.parametrize("index", range(CLIPS))
@pytest.mark.parametrize("template", QUESTIONS)
def test_the_answer_is_confirmed_and_every_other_letter_contradicted(template, index):
    question, recorded = asked(template, index)
    verdict = judge(recorded.key, question, EXPORT_RULES, recorded)
    assert (verdict.status, verdict.found) == ("confirmed", question.answer), (question, verdict)
    for letter in set(LETTERS) - {question.answer}:
        assert judge(recorded.key, replace(question, answer=letter), EXPORT_RULES, recorded).status == "contradicted"


STAGED = """
from tests import test_verify_rules as rules
for index in range(3):
    rules.test_the_answer_is_confirmed_and_every_other_letter_contradicted("which_comes_back", index)
print("held")
"""


def test_the_rule_in_contributing_holds():
    """In a process of its own, because it adds to the catalogues."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (question,) = re.findall(r"^```python qa_templates/\S+\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (rule,) = re.findall(r"^```py\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    # A template is called after its module.
    code = "import types\nmodule = types.ModuleType('which_comes_back')\nimport sys\nsys.modules['which_comes_back'] = module\n"
    code += f"exec(compile({question!r}, 'question', 'exec'), vars(module))\nexec(compile({rule!r}, 'rule', 'exec'), {{}})\n{STAGED}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "held" in done.stdout
