"""The film in place of a camera."""

from pathlib import Path

import av

from demos.call.camera import HEIGHT, PICTURES, WIDTH, shoot


def test_the_film_is_motion_jpeg_that_moves(tmp_path: Path) -> None:
    path = tmp_path / "camera.mjpeg"
    shoot(path)
    with av.open(str(path)) as film:
        pictures = list(film.decode(video=0))
    assert len(pictures) == PICTURES
    assert {(picture.width, picture.height) for picture in pictures} == {(WIDTH, HEIGHT)}
    assert bytes(pictures[0].planes[0]) != bytes(pictures[-1].planes[0])
