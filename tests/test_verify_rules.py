"""A rule for every template: it confirms what the generator answers, and contradicts any other letter."""

from __future__ import annotations

import ast
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
from generator.verify import from_pixels
from generator.verify.from_export import EXPORT_RULES, Recorded, cameras, happenings
from generator.verify.from_pixels import PIXEL_RULES
from generator.verify.ruling import Rules, Ruling, judge
from qa_templates.observation import camera_keys, camera_phrase
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


# What is said and what is read must not be swapped alike: rules take phrases from the catalogues, so this page has words of its own.

VERBS = {
    "arcs around": "arc",
    "cranes": "crane",
    "dollies": "dolly",
    "makes a dolly zoom": "dolly_zoom",
    "pans": "pan",
    "pedestals": "pedestal",
    "rolls": "roll",
    "shakes": "shake",
    "stays still": "static",
    "tilts": "tilt",
    "tracks": "tracking",
    "trucks": "truck",
    "zooms": "zoom",
}
WORDS = {
    "pace": (cameras.PACES, {"even": "one speed", "faster": "gets faster", "slower": "gets slower", "lull": "midway"}),
    "mover": (cameras.MOVERS, {"object": "only {subject}", "camera": "only the camera", "both": "both", "neither": "neither"}),
    "way": (happenings.WAYS, {"pass_behind": "behind", "pass_in_front": "in front", "jump_over": "over", "circle_around": "around"}),
    "base": (
        cameras.BASES,
        {"pan": "pan", "tilt": "tilt", "roll": "roll", "truck": "sideways", "pedestal": "rise or sink", "zoom": "zoom"},
    ),
}


@pytest.mark.parametrize("key", camera_keys())
def test_what_is_said_of_the_camera_means_what_it_says(key):
    phrase = camera_phrase(key)
    (verb,) = [verb for verb in VERBS if re.match(rf"{verb}\b", phrase)]
    way = re.search(r"\b(left|right|up|down|in|out|counter-clockwise|clockwise)\b", phrase)
    assert cameras._said(f"The camera {phrase}") == (VERBS[verb], way[1] if way else "")


@pytest.mark.parametrize("table", WORDS)
def test_texts_that_rules_share_with_templates_mean_what_they_say(table):
    texts, words = WORDS[table]
    assert set(texts) == set(words)
    assert {key: [name for name, text in texts.items() if word in text] for key, word in words.items()} == {key: [key] for key in words}


# What pixel rules may know.

MEASURING = sorted(path for path in Path(from_pixels.__file__).parent.glob("*.py") if path.stem not in ("__init__", "film", "likeness"))
TOLD = {"_clip", "spec", "paths", "annotation", "questions", "answer", "each_frame", "rows", "caption"}


def reached_for(code: str) -> list[str]:
    """What a module of pixel rules uses beside pictures, boxes, and the words of a question."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute) and (node.attr in TOLD or (node.attr == "clip" and ast.unparse(node.value) != "np")):
            found.append(node.attr)
        elif isinstance(node, ast.Name) and node.id in ("open", "getattr", "__import__", "ClipReader", "DatasetReader"):
            found.append(node.id)
        elif isinstance(node, ast.Constant) and node.value == "_clip":
            found.append("_clip")
        for module in [item.name for item in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", None) or ""]:
            ours = module.split(".")[0] in ("generator", "scenes", "qa_templates", "pathlib", "json", "importlib")
            if ours and not module.startswith(("generator.verify.from_pixels", "generator.verify.ruling")):
                found.append(module)
    return found


@pytest.mark.parametrize("path", MEASURING, ids=lambda path: path.stem)
def test_pixel_rules_reach_for_pictures_boxes_and_words_alone(path):
    assert reached_for(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "code",
    [
        "film._clip",
        "film.clip.pictures()",
        "source.annotation['questions']",
        "import json",
        "from scenes.types import Trajectories",
        "from generator.reader import ClipReader",
        "open('annotations/0.json')",
        "getattr(film, '_' + 'clip')",
        "vars(film)['_clip']",
    ],
)
def test_what_pixel_rules_must_not_reach_for_is_found(code):
    assert reached_for(code)


@pytest.mark.parametrize(("every", "status"), [(True, "cannot tell"), (False, "confirmed")])
def test_rules_that_must_tell_of_every_option_confirm_nothing_while_one_is_open(every, status):
    rules: Rules[None] = Rules("generator.verify.from_export", "no.such.group", every=every)
    rules._discovered = True
    rules.add("camera_move")(lambda text, options, source: Ruling((True, False, None), why="not read"))
    question = ReadQuestion("u", "Camera Motion", "camera_move", "What?", ("one", "two", "three"), "A")
    assert judge("k", question, rules, None).status == status
    assert judge("k", replace(question, answer="B"), rules, None).status == "contradicted"


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
