"""Text in pictures."""

from demos.call.glyphs import BLACK, CHARACTERS, FONT, WHITE, draw_text, text_rows
from tests.demos.media import gray_frame, luma_rows


def test_every_character_has_a_glyph_of_five_columns() -> None:
    for row in FONT:
        assert [len(glyph) for glyph in row.split()] == [5] * len(CHARACTERS)


def test_glyphs_differ() -> None:
    glyphs = list(zip(*(row.split() for row in FONT), strict=True))
    assert len(set(glyphs)) == len(CHARACTERS)


def test_text_is_drawn_dot_by_dot() -> None:
    dots = ["".join("#" if dot == WHITE else "." for dot in row) for row in text_rows("1", 1)]
    assert dots == [
        ".......",
        "...#...",
        "..##...",
        "...#...",
        "...#...",
        "...#...",
        "...#...",
        "..###..",
        ".......",
    ]


def test_scale_enlarges_both_ways() -> None:
    small, large = text_rows("7", 1), text_rows("7", 3)
    assert len(large) == 3 * len(small)
    assert large[6][::3] == small[2]


def test_unknown_characters_are_blank() -> None:
    assert {dot for row in text_rows("x", 1) for dot in row} == {BLACK}


def test_it_stands_in_the_lower_left_corner_and_touches_nothing_else() -> None:
    frame = gray_frame(64, 48, luma=100)
    draw_text(frame, "0", inset=4, scale=1)
    rows = luma_rows(frame)
    written = [number for number, row in enumerate(rows) if row != bytes([100]) * 64]
    assert written == list(range(34, 43))
    assert {row[:4] + row[11:] for row in rows} == {bytes([100]) * 57}


def test_nothing_is_written_where_it_does_not_fit() -> None:
    frame = gray_frame(16, 16, luma=100)
    draw_text(frame, "0123456789", inset=4, scale=1)
    assert set(luma_rows(frame)) == {bytes([100]) * 16}
