"""Films a page in headless Chromium, in real time, and has the browser encode the pictures.

Film      record · stop
encode    what was recorded as an animated WebP
"""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import Any

from playwright.sync_api import Page
from webp import Frame, animate

#: Frames closer than this are left out, seconds.
GAP_S = 0.08
#: How long the last picture stays, ms.
HOLD_MS = 2_200

#: A pointer, for headless browsers draw none; `goto` moves it, in page coordinates.
POINTER = """() => {
  const dot = document.createElement("div");
  dot.setAttribute("aria-hidden", "true");
  Object.assign(dot.style, { position: "fixed", left: 0, top: 0, width: "22px", height: "22px",
    borderRadius: "50%", background: "#17181ccc", border: "3px solid #fff", zIndex: 99,
    boxShadow: "0 1px 6px #0007", pointerEvents: "none", transform: "translate(600px, 420px)",
    transition: "transform .7s cubic-bezier(.3,.7,.3,1), scale .12s" });
  document.body.append(dot);
  window.pointTo = (x, y) => { dot.style.transform = `translate(${x - 11}px, ${y - 11}px)`; };
  window.press = (down) => { dot.style.scale = down ? ".7" : "1"; };
}"""

#: The part of a picture that differs from the one before, as WebP: without loss where that is
#: not much larger, for letters look better then.
ENCODE = """async ([png, quality]) => {
  const file = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([file], { type: "image/png" }));
  const { width, height } = bitmap;
  const whole = new OffscreenCanvas(width, height);
  const paint = whole.getContext("2d", { alpha: false, willReadFrequently: true });
  paint.drawImage(bitmap, 0, 0);
  const now = new Uint32Array(paint.getImageData(0, 0, width, height).data.buffer);
  const before = window.before;
  window.before = now;
  let [left, top, right, bottom] = before ? [width, height, 0, 0] : [0, 0, width, height];
  for (let i = 0; before && i < now.length; i++) {
    if (now[i] === before[i]) continue;
    const x = i % width, y = (i - x) / width;
    if (x < left) left = x;
    if (x >= right) right = x + 1;
    if (y < top) top = y;
    if (y >= bottom) bottom = y + 1;
  }
  if (right <= left) return null;
  left -= left % 2;
  top -= top % 2;
  const part = new OffscreenCanvas(right - left, bottom - top);
  part.getContext("2d", { alpha: false }).drawImage(whole, -left, -top);
  const [exact, lossy] = await Promise.all([1, quality].map((q) =>
    part.convertToBlob({ type: "image/webp", quality: q })));
  const best = exact.size < 1.25 * lossy.size ? exact : lossy;
  const bytes = new Uint8Array(await best.arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return { image: btoa(text), x: left, y: top, width: right - left, height: bottom - top,
    canvas: [width, height] };
}"""

#: What a browser makes of the result.
DECODE = """async (webp) => {
  const data = Uint8Array.from(atob(webp), (letter) => letter.charCodeAt(0));
  const decoder = new ImageDecoder({ data, type: "image/webp" });
  await decoder.tracks.ready;
  await decoder.completed;
  const track = decoder.tracks.selectedTrack;
  await decoder.decode({ frameIndex: track.frameCount - 1 });
  return track.frameCount;
}"""


class Film:
    """Pictures of a page with the time of each; the browser sends one whenever something moved."""

    def __init__(self, page: Page) -> None:
        self.pictures: list[tuple[float, str]] = []
        self._session = page.context.new_cdp_session(page)
        self._session.on("Page.screencastFrame", self._take)

    def record(self) -> None:
        self._session.send("Page.startScreencast", {"format": "png", "everyNthFrame": 1})

    def stop(self) -> None:
        self._session.send("Page.stopScreencast")

    def _take(self, frame: dict[str, Any]) -> None:
        at_s = float(frame["metadata"]["timestamp"])
        if not self.pictures or at_s - self.pictures[-1][0] >= GAP_S:
            self.pictures.append((at_s, frame["data"]))
        self._session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})


def encode(page: Page, pictures: list[tuple[float, str]], quality: float) -> bytes:
    """An animated WebP of the pictures, checked by opening it again.

    :param page: any page of a secure origin: only there browsers decode pictures one by one.

    :param quality: of pictures with loss, 0 – 1.
    """
    page.evaluate("() => { window.before = null; }")
    times = [at_s for at_s, _ in pictures]
    shown_ms = [round(1000 * (b - a)) for a, b in pairwise(times)] + [HOLD_MS]
    frames, canvas = list[Frame](), (0, 0)
    for (_, picture), lasts_ms in zip(pictures, shown_ms, strict=True):
        part = page.evaluate(ENCODE, [picture, quality])
        if part is None:  # nothing moved: the one before is shown for longer
            frames[-1] = _longer(frames[-1], lasts_ms)
            continue
        canvas = canvas if frames else tuple(part.pop("canvas"))
        part.pop("canvas", None)
        image = base64.b64decode(part.pop("image"))
        frames.append(Frame(image=image, shown_ms=lasts_ms, **part))
    film = animate(frames, *canvas)
    found = page.evaluate(DECODE, base64.b64encode(film).decode())
    if found != len(frames):
        raise ValueError(f"{len(frames)} pictures went in, and a browser finds {found}")
    return film


def _longer(frame: Frame, more_ms: int) -> Frame:
    return Frame(frame.image, frame.x, frame.y, frame.width, frame.height, frame.shown_ms + more_ms)
