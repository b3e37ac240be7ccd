"""Writes a line of figures into a picture, with a font of seven rows."""

from av import VideoFrame

CHARACTERS = "0123456789:."
FONT = (
    ".###. ..#.. .###. ##### ...#. ##### .###. ##### .###. .###. ..... .....",
    "#...# .##.. #...# ....# ..##. #.... #.... ....# #...# #...# ..#.. .....",
    "#..## ..#.. ....# ...#. .#.#. ####. #.... ...#. #...# #...# ..#.. .....",
    "#.#.# ..#.. ...#. ..##. #..#. ....# ####. ..#.. .###. .#### ..... .....",
    "##..# ..#.. ..#.. ....# ##### ....# #...# .#... #...# ....# ..#.. .....",
    "#...# ..#.. .#... #...# ...#. #...# #...# .#... #...# ....# ..#.. ..#..",
    ".###. .###. ##### .###. ...#. .###. .###. .#... .###. .###. ..... ..#..",
)
BLANK = "....."
WHITE, BLACK, NEUTRAL = 235, 24, 128
"""Luma of the text and of its box, and the chroma of both."""


def text_rows(text: str, scale: int) -> list[bytes]:
    """Draw text as rows of luma, one dot of margin around it; unknown characters are blank."""
    glyphs = [row.split() for row in FONT]
    rows = []
    for glyph in glyphs:
        cells = [
            glyph[CHARACTERS.index(character)] if character in CHARACTERS else BLANK
            for character in text
        ]
        dots = "." + ".".join(cells) + "."
        rows.append(bytes(WHITE if dot == "#" else BLACK for dot in dots for _ in range(scale)))
    margin = bytes([BLACK]) * len(rows[0])
    return [row for line in [margin, *rows, margin] for row in [line] * scale]


def draw_text(frame: VideoFrame, text: str, inset: int, scale: int) -> None:
    """Write text into the lower left corner of a yuv420p picture; nothing where it does not fit.

    `inset` is the even distance from both edges in pixels, `scale` the pixels of a dot.
    """
    rows = text_rows(text, scale)
    width, height = len(rows[0]), len(rows)
    x, y = inset, (frame.height - inset - height) & ~1
    if y < 0 or x + width > frame.width:
        return
    luma = memoryview(frame.planes[0])
    for number, row in enumerate(rows):
        start = (y + number) * frame.planes[0].line_size + x
        luma[start : start + width] = row
    for plane in frame.planes[1:]:
        chroma, length = memoryview(plane), (width + 1) // 2
        for number in range((height + 1) // 2):
            start = (y // 2 + number) * plane.line_size + x // 2
            chroma[start : start + length] = bytes([NEUTRAL]) * length
