"""Answers measured again from the pixels of the video, without a learned model: a rule for the templates whose answers show so.

The export may say where to look (the boxes of objects) and nothing else: not how anything moves.
"""

from __future__ import annotations

from generator.verify.from_pixels.film import Film
from generator.verify.ruling import Rules

PIXEL_RULES: Rules[Film] = Rules("generator.verify.from_pixels", "motionfoundry.pixel_rules")
