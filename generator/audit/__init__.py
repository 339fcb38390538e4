"""How far one gets with a data set without seeing anything move: ``python -m generator.audit DATASET``.

Guessers that are given less than the video answer every question: the letters, the options, the question, what is known of
the clip, one frame, all frames without their order. What they learn they learn from other scenes of the same data set. A
guesser that beats chance has found a shortcut.

    items.py        what a guesser is given of a question
    glimpses.py     a frame as the exported state has it; pictures.py as the video has it
    fronts.py       which shapes show where they face
    features.py     an option as a row of numbers
    guessers.py     what is learnt from them, cross-validated over scenes
    intervals.py    accuracy, chance, and how sure one is of them
    findings.py     what counts as a shortcut, and where a still frame may tell something
"""
