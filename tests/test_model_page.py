"""The probe's page: one file that needs no other, in which nothing of a profile is lost and nothing breaks out."""

import itertools
import math
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model.accuracy import wilson
from model.page import MOST_CASES, MOST_IN_A_GROUP, charts, rendered, words, write_page
from model.page.svg import element, number
from model.profile import Bin, Case, Confusion, Counting, Curve, Profile, Slice

VOID = {"meta", "br", "link", "img", "input", "hr"}
COMMAND = "python -m generator out=x"
HOSTILE = "<script>alert(1)</script>&\"'</svg>{{ 7 * 7 }}"
GEOMETRY = {"x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "rx", "fill-opacity"}


class Page(HTMLParser):
    """What a browser makes of a page; raises ValueError for a tag that is closed without having been opened, or left open."""

    def __init__(self, source: str):
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(source)
        self.close()
        if self.open:
            raise ValueError(f"left open: {self.open}")

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if len(dict(attributes)) < len(attributes):
            raise ValueError(f"an attribute is given twice: {attributes}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise ValueError(f"</{tag}> closes what was not open")

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(profile: Profile, folder: Path = Path("/nowhere")) -> Page:
    return Page(rendered(profile, folder, COMMAND, ""))


def slice_of(factor: str, value: str, right: int, n: int, **more) -> Slice:
    return Slice(factor, value, n, right, *wilson(right, n), 0.25, **more)


NOTHING = Profile({}, slice_of("all", "all", 0, 0), (), (), (), (), (), None, ())


def small(**more) -> Profile:
    """A profile of 100 questions with those parts."""
    return Profile(**{**vars(NOTHING), "overall": slice_of("all", "all", 40, 100), **more})


def case_of(**more) -> Case:
    told = {
        "uid": "u1",
        "key": "k1",
        "question_type": "Motion Recognition",
        "template": "which_object_moves",
        "text": "What moves?",
        "options": ("The ball", "The cone", "The box", "The chair"),
        "answer": "B",
        "said": "D",
        "margin": 1.0,
        "seen": True,
        "video": "",
        "command": "python -m generator only=3",
    }
    return Case(**{**told, **more})


# Profiles of every kind

NAMES = st.one_of(st.text(max_size=12), st.sampled_from([HOSTILE, "a" * 200, "u_turn", "", "a & b", '"', "‮x", "\x00"]))
SHARES = st.one_of(st.floats(0, 1), st.just(math.nan))
LOOSE = st.one_of(st.none(), SHARES)
NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
COUNTS = st.integers(0, 5000)
MEAN_ERRORS = st.one_of(st.floats(-1e9, 1e9), st.just(math.nan))  # of counts that are whole numbers of a question's options


@st.composite
def slices(draw):
    n = draw(st.one_of(st.just(0), COUNTS))
    right = draw(st.integers(0, n))
    low, high = draw(st.sampled_from([wilson(right, n), (math.nan, math.nan)]))
    return Slice(draw(NAMES), draw(NAMES), n, right, low, high, draw(SHARES), draw(LOOSE), draw(LOOSE), draw(st.booleans()), draw(LOOSE))


@st.composite
def bins(draw):
    n = draw(COUNTS)
    right = draw(st.integers(0, n))
    return Bin(draw(NUMBERS), draw(NUMBERS), n, right, *wilson(right, n))


@st.composite
def confusions(draw, most=6):
    size = draw(st.integers(0, most))
    grid = st.lists(st.lists(st.integers(0, 12_000), min_size=size, max_size=size).map(tuple), min_size=size, max_size=size).map(tuple)
    labels = draw(st.lists(NAMES, min_size=size, max_size=size).map(tuple))
    return Confusion(draw(NAMES), labels, draw(grid), draw(grid))


COUNTINGS = st.builds(
    Counting,
    COUNTS,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    st.dictionaries(st.one_of(st.integers(-30, 30), st.integers()), st.integers(0, 10**6), max_size=8),
    st.dictionaries(st.integers(-5, 10**6), st.tuples(COUNTS, st.just(0), MEAN_ERRORS), max_size=8),
)
VALUES = st.one_of(
    NAMES, NUMBERS, st.integers(), st.booleans(), st.none(), st.lists(NAMES, max_size=3), st.dictionaries(NAMES, NUMBERS, max_size=2)
)
CASES = st.builds(
    Case,
    uid=NAMES,
    key=NAMES,
    question_type=NAMES,
    template=NAMES,
    text=NAMES,
    options=st.lists(NAMES, max_size=5).map(tuple),
    answer=st.sampled_from("ABCDE"),
    said=st.one_of(st.none(), st.sampled_from("ABCDE")),
    margin=st.one_of(st.none(), NUMBERS),
    seen=st.sampled_from([None, True, False]),
    video=NAMES,
    command=NAMES,
    factors=st.dictionaries(NAMES, VALUES, max_size=4),
)
CURVES = st.builds(Curve, NAMES, NAMES, st.lists(bins(), max_size=9).map(tuple), NUMBERS, SHARES, SHARES)


def several(each, most=4):
    return st.lists(each, max_size=most).map(tuple)


PROFILES = st.builds(
    Profile,
    about=st.dictionaries(NAMES, VALUES, max_size=4),
    overall=slices(),
    by_type=several(slices()),
    slices=several(slices(), 12),
    seen=several(slices(), 2),
    curves=several(CURVES, 3),
    confusions=several(confusions(), 2),
    counting=st.one_of(st.none(), COUNTINGS),
    worst=several(CASES, 10),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(PROFILES)
def test_any_profile_gives_a_sound_page(profile):
    page = page_of(profile)
    assert len(page.all("script")) == 1  # the one that sorts: no name can bring another
    for tag, attributes in page.elements:
        assert tag not in {"link", "img", "iframe", "object", "image"}
        assert not any(key.startswith("on") or key in {"style", "srcdoc"} for key in attributes)
        assert (attributes.get("href") or "#").startswith("#")
        for key in GEOMETRY & attributes.keys() - ({"width"} if tag == "meta" else set()):
            assert math.isfinite(float((attributes[key] or "").rstrip("%"))), (tag, attributes)
        for key in {"points", "d", "transform", "viewbox"} & attributes.keys():
            assert not re.search(r"nan|inf", attributes[key] or "")
    for each in profile.slices:
        assert not each.fails or each.value.replace("\x00", "�") in page.text.replace("\x00", "�")


def test_nothing_is_taken_from_elsewhere():
    by_type = (slice_of("type", "Camera Motion", 40, 100),)
    source = rendered(small(by_type=by_type, worst=(case_of(),)), Path("/nowhere"), COMMAND, "")
    assert not re.search(r"https?:|@import|url\(|//\w+\.\w", source.replace("// Click", ""))


def test_a_page_without_answers_says_so():
    assert "No question was answered" in page_of(NOTHING).text


def test_parts_without_findings_are_left_out():
    shown = [attributes.get("id") for attributes in page_of(small()).all("section")]
    assert shown == [None, "next", "reading"]
    assert "no annotations" in page_of(small()).text


def test_every_link_leads_somewhere():
    page = page_of(full())
    places = {attributes.get("id") for _, attributes in page.elements}
    links = [attributes["href"] for attributes in page.all("a")]
    assert len(links) == 9
    assert {link.removeprefix("#") for link in links} <= places


def full() -> Profile:
    """A profile with all parts."""
    spin = slice_of("motion", "spin", 15, 48, p=0.0001, q=0.004, fails=True, others=0.62)
    return small(
        about={"frames shown": 16},
        by_type=(slice_of("type", "Camera Motion", 60, 80), slice_of("type", "Action Order", 5, 20)),
        slices=(spin, slice_of("motion", "hop", 30, 50)),
        seen=(slice_of("could be seen", "no", 20, 80, q=0.001, others=0.5), slice_of("could be seen", "yes", 20, 20)),
        curves=(Curve("speed", "m/s", (Bin(0, 1, 50, 40, *wilson(40, 50)), Bin(1, 2, 50, 10, *wilson(10, 50))), -0.5, 0.001, 0.002),),
        confusions=(Confusion("motions", ("spin", "hop"), ((3, 5), (0, 9)), ((8, 8), (4, 9))),),
        counting=Counting(50, -0.4, -0.6, -0.2, {-1: 20, 0: 30}, {2: (50, 30, -0.4)}),
        worst=(case_of(),),
    )


def test_what_fails_is_said_in_words():
    text = page_of(full()).text.replace("\xa0", " ")
    for told in (
        "40 % right",
        "It fails on 1 of 2 slices, worst of all on motion spin (31 % of 48, others 62 %).",
        "31 % of 48 (20–45 %), others 62 %",
        "worse (q = .004), no better than a guess",
        "It is less often right the higher speed.",
        "100 % of the wrong answers (60 of 60) are to questions",
        "these are answered rightly less often (q = .001)",
        "On average 0.40 too few are counted: mean error −0.40, 95 % interval −0.60 to −0.20",
        "hop in place of spin: 5 of the 8 times it was offered",
        "B The cone ✓ right",
        "D The chair ✗ said",
        "It held what it said for 2.7 times as likely",
        "python -m generator only=3",
    ):
        assert told in re.sub(r"\s+", " ", text), told


def test_all_failing_slices_are_on_the_page_folded_or_not():
    many = tuple(slice_of("motion", f"motion{i}", 10, 50, q=0.01, fails=True, others=0.6) for i in range(3 * MOST_IN_A_GROUP))
    page = page_of(small(slices=many))
    assert len([each for each in page.all("svg") if each.get("class") == "strip bad"]) == len(many)
    assert f"{2 * MOST_IN_A_GROUP} more of motion" in page.text.replace("\xa0", " ")


def test_names_cannot_break_out():
    slices_ = (slice_of(HOSTILE, HOSTILE, 10, 50, fails=True),)
    case = case_of(text=HOSTILE, options=(HOSTILE, "b"), command=HOSTILE, factors={HOSTILE: HOSTILE}, video=HOSTILE)
    confusion = Confusion(HOSTILE, (HOSTILE, "b"), ((1, 2), (3, 4)), ((1, 2), (3, 4)))
    page = page_of(small(about={HOSTILE: HOSTILE}, slices=slices_, worst=(case,), confusions=(confusion,)))
    assert len(page.all("script")) == 1
    assert page.text.count(HOSTILE) >= 9


def test_thirty_labels_fit_on_the_page():
    labels = tuple(f"motion number {i}" for i in range(30))
    grid = tuple(tuple(30 if i == j else (i + j) % 3 for j in range(30)) for i in range(30))
    page = Page(str(charts.matrix(Confusion("motions", labels, grid, grid))))
    (drawing,) = page.all("svg")
    assert 600 < float(drawing["width"] or 0) <= 1110
    assert all(page.text.count(label) >= 2 for label in labels)


def test_labels_that_never_occur_are_not_drawn():
    drawn = Page(
        str(
            charts.matrix(
                Confusion("motions", ("spin", "hop", "never"), ((1, 0, 0), (2, 1, 0), (0, 0, 0)), ((3, 3, 0),) * 2 + ((0, 0, 0),))
            )
        )
    )
    assert "never" not in drawn.text.replace("was never", "")


def test_marks_lie_where_the_shares_are():
    drawn = Page(str(charts.strip(slice_of("motion", "spin", 30, 100, others=0.6))))
    (disc,) = drawn.all("circle")
    low, high = wilson(30, 100)
    chance, others, whisker = drawn.all("line")
    assert float(disc["cx"].rstrip("%")) == pytest.approx(30)
    assert [float(each["x1"].rstrip("%")) for each in (chance, others)] == pytest.approx([25, 60])
    assert [float(whisker[key].rstrip("%")) for key in ("x1", "x2")] == pytest.approx([100 * low, 100 * high], abs=0.01)


@pytest.mark.parametrize(
    ("right", "n", "fails", "sign"), [(80, 100, False, "mark"), (25, 100, False, "mark open"), (5, 100, False, "mark")]
)
def test_a_ring_says_that_it_may_be_guessed(right, n, fails, sign):
    assert Page(str(charts.strip(slice_of("a", "b", right, n, fails=fails)))).all("circle")[0]["class"] == sign


def test_labels_below_a_curve_do_not_overlap():
    found = tuple(Bin(0.1137 * i, 0.1137 * (i + 1), 250, 125, 0.4, 0.6) for i in range(8))
    placed = [(float(each["x"] or 0), each) for each in Page(str(charts.curve(Curve("speed", "", found, 0, 1, 1), 0.25))).all("text")]
    ticks = sorted(x for x, each in placed if float(each["y"] or 0) == charts.PLOT[3] + 17)
    assert len(ticks) >= 4
    assert min(b - a for a, b in itertools.pairwise(ticks)) > 4.5 * charts.CHARACTER_PX


def test_counts_are_named_each_for_itself():
    found = tuple(Bin(i, i, 20, 10, 0.3, 0.7) for i in (1, 2, 3)) + (Bin(4, 9, 20, 10, 0.3, 0.7),)
    assert [each for each in Page(str(charts.curve(Curve("count", "", found, 0, 1, 1), 0.25))).texts if each in {"1", "2", "3", "4–9"}] == [
        "1",
        "2",
        "3",
        "4–9",
    ]


def test_far_errors_are_put_together_and_none_is_lost():
    drawn = Page(str(charts.errors({-400: 3, -13: 2, 0: 5, 10**9: 7})))
    assert {"≤−12", "≥+12", "5", "7"} <= set(drawn.texts)
    assert [float(each["height"] or 0) > 0 for each in drawn.all("rect")].count(True) == 3


def test_a_film_is_shown_only_where_it_is_near(tmp_path):
    (tmp_path / "data" / "videos").mkdir(parents=True)
    film = tmp_path / "data" / "videos" / "a b%.mp4"
    film.write_bytes(b"")
    near, far = tmp_path / "probe", tmp_path / "a" / "b" / "c" / "d" / "probe"
    for folder, shown in ((near, ["../data/videos/a%20b%25.mp4"]), (far, [])):
        folder.mkdir(parents=True)
        write_page(small(worst=(case_of(video=str(film)), case_of(video="gone.mp4"))), folder / "index.html", COMMAND, "")
        page = Page((folder / "index.html").read_text(encoding="utf-8"))
        assert [each["src"] for each in page.all("video")] == shown


def test_a_case_that_named_no_option_is_shown():
    page = page_of(small(worst=(case_of(said=None, margin=None, seen=False),)))
    assert "It named none of the options." in page.text
    assert "It could not have seen the answer" in page.text


def test_without_a_curriculum_it_says_why_and_promises_none():
    text = Page(rendered(small(), Path("/nowhere"), "", "There is no curriculum: <none> is known.")).text
    assert "There is no curriculum: <none> is known." in text
    assert "python -m generator" not in text and "curriculum.yaml" not in text
    assert COMMAND in page_of(small()).text


def test_types_that_fail_are_named():
    types = (slice_of("type", "Camera Motion", 60, 80), slice_of("type", "Action Order", 5, 20, fails=True))
    text = page_of(small(by_type=types, slices=(slice_of("motion", "hop", 30, 50),))).text.replace("\xa0", " ")
    assert "It fails on Action Order." in text and "None of 1 other slice is found to fail." in text


def test_the_head_says_what_was_asked_and_how():
    about = page_of(small(about={"part": "held_out", "by": "text"}))
    assert re.search(r"part\s*held_out\s*by\s*text", about.text)


def test_a_page_of_two_thousand_questions_is_below_a_megabyte():
    some = tuple(
        slice_of(f"factor {i % 9}", f"value number {i}", i % 40, 40, p=0.5, q=0.9, others=0.5, fails=i % 9 == 0) for i in range(400)
    )
    labels = tuple(f"label number {i}" for i in range(30))
    grid = tuple(tuple((i * j) % 4 for j in range(30)) for i in range(30))
    cases = tuple(case_of(factors={f"factor {i}": i / 7 for i in range(15)}) for _ in range(48))
    profile = small(slices=some, confusions=(Confusion("motions", labels, grid, grid),) * 4, worst=cases)
    source = rendered(profile, Path("/nowhere"), COMMAND, "")
    assert len(source.encode()) < 1_000_000
    assert f"{len(cases) - MOST_CASES} more" in Page(source).text.replace("\xa0", " ")


def test_the_same_profile_gives_the_same_page():
    one, again = (rendered(full(), Path("/nowhere"), COMMAND, "") for _ in range(2))
    assert one == again


# Words


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (words.percent(0.3125, 48), "31 %"),
        (words.percent(0.3125, 480), "31.2 %"),
        (words.percent(math.nan), "–"),
        (words.percent(None), "–"),
        (words.interval(0.2, 0.45, 48), "20–45 %"),
        (words.probability("q", 0.0004), "q < .001"),
        (words.probability("q", 0.032), "q = .032"),
        (words.probability("q", 0.5), "q = .50"),
        (words.probability("q", None), ""),
        (words.quantity(-0.12345), "−0.123"),
        (words.quantity(12345.6), "12,346"),
        (words.quantity(math.inf), "–"),
        (words.signed(0.42), "+0.42"),
        (words.signed(-0.003), "−0.003"),
        (words.count(1, "clip"), "1 clip"),
        (words.count(1200, "clip"), "1,200 clips"),
        (words.listed(["a", "b", "c"]), "a, b and c"),
        (words.plainly({"least": 2.5, "most": True}), "least 2.5, most yes"),
        (words.sureness(None), ""),
        (words.sureness(-1), "It held what it said for no likelier than the right option."),
    ],
)
def test_numbers_read_as_they_should(told, expected):
    assert told.replace("\xa0", " ") == expected


def test_a_trend_is_claimed_only_where_it_was_found():
    bins_ = (Bin(0, 1, 30, 20, 0.4, 0.8),)
    assert words.trend(Curve("speed", "", bins_, -0.5, 0.01, 0.02)).startswith("Fewer")
    assert words.trend(Curve("speed", "", bins_, 0.5, 0.01, 0.02)).startswith("More")
    assert words.trend(Curve("speed", "", bins_, -0.5, 0.04, 0.2)).startswith("No trend")


def test_what_is_no_number_is_not_drawn():
    with pytest.raises(ValueError, match="leave out"):
        number(math.nan)
    assert element("text", "a < b", fill='"x"', y=None) == '<text fill="&#34;x&#34;">a &lt; b</text>'
