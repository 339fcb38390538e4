"""Answers measured again from the pixels of the video, without a learned model: a rule for the templates whose answers show so.

The export may say where to look (the boxes of objects) and nothing else: not how anything moves.
"""

from __future__ import annotations

import sys

from generator.verify.from_pixels.film import Film
from generator.verify.ruling import Rules

PIXEL_RULES: Rules[Film] = Rules("generator.verify.from_pixels", "motionfoundry.pixel_rules")


def forget() -> None:
    """Let go of everything that was measured: a film is held, with its pictures, by the caches of the modules that measure."""
    theirs = {rule.__module__ for rule in PIXEL_RULES.values()}
    for name, module in list(sys.modules.items()):
        if name.startswith(f"{__name__}.") or name in theirs:
            for member in list(vars(module).values()):
                if callable(clear := getattr(member, "cache_clear", None)):
                    clear()
