"""Frames to H.264 files that any player takes, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream


@dataclass(frozen=True)
class VideoFacts:
    """What a file says of itself, with its frames counted."""

    width: int
    height: int
    fps: float
    num_frames: int
    duration_s: float
    codec: str
    pix_fmt: str


def write_video(path: Path, frames: Iterable[np.ndarray], fps: float, crf: int, preset: str) -> int:
    """Write ``(height, width, 3)`` uint8 RGB frames as H.264 yuv420p at a constant rate; returns how many there were.

    BT.709 in limited range, and marked so; the index stands in front ("faststart"). Equal frames give equal bytes on
    one machine. Whatever fails, from the encoder to the iterable itself, leaves no file behind.

    Raises:
        ValueError: no frames; frames of different sizes or types; an odd width or height.
    """
    source = iter(frames)
    first = next(source, None)
    if first is None:
        raise ValueError(f"no frames to write to {path}")
    try:
        # "bitexact" keeps the muxer's version and date out of the file.
        with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"}) as container:
            stream = _add_stream(container, first.shape, fps, crf, preset)
            return _encode(container, stream, chain([first], source))
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def read_frames(path: Path) -> Iterator[np.ndarray]:
    """The frames of a file, ``(height, width, 3)`` uint8 RGB."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_count = 1
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def probe(path: Path) -> VideoFacts:
    """Facts about a file; its packets are counted, nothing is decoded. Raises ValueError when it is cut short."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        num_frames = sum(packet.size > 0 for packet in container.demux(stream))
        duration, tick_s, fps = stream.duration, stream.time_base, stream.average_rate
        if duration is None or tick_s is None or fps is None:
            raise ValueError(f"{path} does not say how long it is or how fast; it was cut short, so write it again")
        context = stream.codec_context
        return VideoFacts(
            context.width, context.height, float(fps), num_frames, float(duration * tick_s), context.name, str(context.pix_fmt)
        )


def _add_stream(container: av.container.OutputContainer, shape: tuple[int, ...], fps: float, crf: int, preset: str) -> VideoStream:
    height, width = shape[:2]
    if height % 2 or width % 2:
        raise ValueError(f"{width}x{height} frames do not fit yuv420p: give even sizes")
    stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    # x264's macroblock tree gives other bytes from run to run where there is AVX-512, and other bytes than without it.
    stream.options = {"crf": str(crf), "preset": preset, "flags": "+bitexact", "x264-params": "mbtree=0"}
    context = stream.codec_context
    context.thread_count = 1  # the bytes depend on the number of threads, too
    context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
    context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    return stream


def _encode(container: av.container.OutputContainer, stream: VideoStream, frames: Iterable[np.ndarray]) -> int:
    num_frames = 0
    for num_frames, picture in enumerate(frames, start=1):
        if picture.shape != (stream.height, stream.width, 3) or picture.dtype != np.uint8:
            raise ValueError(
                f"frame {num_frames - 1} is {picture.shape} {picture.dtype}; all must be ({stream.height}, {stream.width}, 3) uint8"
            )
        container.mux(stream.encode(_limited_yuv(picture)))
    container.mux(stream.encode())
    return num_frames


def _limited_yuv(picture: np.ndarray) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
    return frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG, threads=1)
