"""A gallery of all that clips are made of: a contact sheet and short films of every motion, avatar, event, camera move and place.

``python -m generator.gallery DIR`` writes ``DIR/<kind>/<name>.png``, the films beside them, and ``DIR/index.html``, which shows
what is in the folder. In each film one word of the vocabulary is all that happens.
"""

from __future__ import annotations

import argparse
import functools
import html
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from conf.progress import Progress, console_of
from generator.exhibits import Entry, Exhibit, exhibit, notes
from generator.farm import parallel_map
from generator.options import RenderOptions
from generator.specimens import CATALOGUES, Format

RENDERS = {"draft": RenderOptions(supersampling=1.0, shadows=False), "standard": RenderOptions()}
TITLES = {
    "motions": "Motions of objects",
    "avatar_motions": "Motions of avatars",
    "avatars": "Avatars",
    "events": "Events",
    "cameras": "Camera moves",
    "environments": "Environments",
}


def entries(kinds: Sequence[str] = (), only: Sequence[str] = ()) -> list[Entry]:
    """The entries of some kinds (of all where none is named), or those of certain names. Raises ValueError for unknown names."""
    found = [Entry(kind, name) for kind in kinds or CATALOGUES for name in CATALOGUES[kind]]
    unknown = sorted(set(only) - {entry.name for entry in found})
    if unknown:
        raise ValueError(
            f"nothing is called {', '.join(unknown)} among {', '.join(kinds or CATALOGUES)}; see python -m generator.catalogue"
        )
    return [entry for entry in found if not only or entry.name in only]


def write_index(out: Path) -> Path:
    """The page of all entries of which there is a sheet; self-contained but for the pictures and films beside it."""
    sections, links = [], []
    for kind, title in TITLES.items():
        shown = [entry for entry in entries([kind]) if notes(out, entry).is_file()]
        if shown:
            links.append(f'<a href="#{kind}">{title} <small>{len(shown)}</small></a>')
            sections.append(f'<h2 id="{kind}">{title}</h2>\n' + "\n".join(_article(out, entry) for entry in shown))
    page = out / "index.html"
    page.write_text(PAGE.format(links="\n".join(links), sections="\n".join(sections)), encoding="utf-8")
    return page


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point. Returns 0 when everything that was asked for is there."""
    options = _parser().parse_args(arguments)
    console = console_of(sys.stdout)
    try:
        wanted = entries(options.kind or (), options.only or ())
    except ValueError as error:
        print(f"gallery: {error}", file=sys.stderr)
        return 2
    out = options.out or options.folder
    out.mkdir(parents=True, exist_ok=True)
    size = Format(options.width, options.width * 3 // 8 * 2, options.fps)
    work = functools.partial(exhibit, out=out, render=RENDERS[options.render], size=size)
    failed = _run(work, wanted, options.workers, console)
    console.print(f"{len(wanted) - len(failed)} of {len(wanted)} entries on {write_index(out)}", soft_wrap=True)
    for entry, reason in failed:
        console.print(f"{entry.kind} {entry.name}: {reason}", style="red", markup=False, soft_wrap=True)
    return 1 if failed else 0


def _run(work: functools.partial[Exhibit], wanted: Sequence[Entry], workers: int, console: Console) -> list[tuple[Entry, str]]:
    """Make all exhibits; returns those that failed, and why."""
    failed = []
    with Progress(console, len(wanted), "entries") as progress:
        for entry, made in parallel_map(work, wanted, workers):
            if made is None or made.error:
                failed.append((entry, made.error if made else "the process that drew it died"))
            progress.add(1, f"{entry.kind} {entry.name}")
    return failed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m generator.gallery", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=Path("outputs/gallery"), metavar="DIR", help="where to write (%(default)s)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="the same")
    parser.add_argument("--kind", nargs="+", choices=list(CATALOGUES), help="kinds of entries (default: all)")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="entries of these names alone")
    parser.add_argument("--render", choices=list(RENDERS), default="standard", help="as the generator's presets (default: standard)")
    parser.add_argument("--width", type=_width, default=Format.width_px, help="of the films, in pixels (default: %(default)s)")
    parser.add_argument("--fps", type=float, default=Format.fps, help="frames per second of the films (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=-1, help="processes; -1 is one per core (default), 0 none")
    return parser


def _width(text: str) -> int:
    if not text.isdigit() or int(text) < 64 or int(text) % 8:
        raise argparse.ArgumentTypeError(f"{text} is not allowed: give a multiple of 8, from 64")
    return int(text)


# The page


def _article(out: Path, entry: Entry) -> str:
    films = json.loads(notes(out, entry).read_text(encoding="utf-8"))
    figures = "".join(FIGURE.format(source=f"{entry.kind}/{name}", label=html.escape(label)) for label, name in films)
    return ARTICLE.format(kind=entry.kind, name=entry.name, line=html.escape(entry.description), figures=figures)


FIGURE = (
    '<figure><video src="{source}" preload="metadata" muted loop playsinline tabindex="0"></video><figcaption>{label}</figcaption></figure>'
)
ARTICLE = """<article id="{kind}-{name}">
<h3>{name}</h3><p>{line}</p>
<div class="films">{figures}</div>
<details><summary>Frames</summary>
<a href="{kind}/{name}.png"><img src="{kind}/{name}.png" alt="Frames of {name}" loading="lazy"></a></details>
</article>"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>MotionFoundry gallery</title>
<style>
:root {{ --paper: #fbfaf7; --ink: #1c1c1c; --faint: #77736b; --line: #e4e0d8; --accent: #2f7d4f }}
* {{ box-sizing: border-box }}
body {{ margin: 0 auto; max-width: 88rem; padding: 1.5rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif }}
h1 {{ margin: 0 0 .25rem; font-size: 1.75rem }} h2 {{ margin: 2.5rem 0 .5rem; scroll-margin-top: 4rem }}
h3 {{ margin: 0; font: 600 1.05rem ui-monospace, monospace }} p, figcaption, small {{ color: var(--faint); margin: 0 }}
nav {{ position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; padding: .75rem 0;
  background: var(--paper); border-bottom: 1px solid var(--line) }}
nav a {{ color: var(--accent); text-decoration: none }}
article {{ padding: 1.1rem 0; border-bottom: 1px solid var(--line) }}
.films {{ display: flex; flex-wrap: wrap; gap: .75rem; margin: .6rem 0 }}
figure {{ margin: 0; width: min(20rem, 100%) }} figcaption {{ font-size: .8rem }}
video {{ display: block; width: 100%; border-radius: 6px; background: #000 }}
img {{ max-width: 100%; margin-top: .5rem }} summary {{ cursor: pointer; color: var(--accent); font-size: .9rem }}
</style></head><body>
<h1>MotionFoundry gallery</h1>
<p>Each film shows one word of the vocabulary, and nothing else happens in it. Films play while they are in view.</p>
<nav>{links}</nav>
{sections}
<script>
const seen = new IntersectionObserver(all => all.forEach(each => each.isIntersecting ? each.target.play() : each.target.pause()));
document.querySelectorAll("video").forEach(video => seen.observe(video));
</script>
</body></html>
"""


if __name__ == "__main__":
    sys.exit(main())
