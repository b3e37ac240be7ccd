"""What is said about a file."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from peer.files.protocol import (
    BLOCK,
    MAX_NAME,
    Digest,
    TransferError,
    read_count,
    read_fields,
    read_name,
    read_transfer,
    write_fields,
)


def test_a_digest_is_that_of_the_blocks() -> None:
    data = bytes(2 * BLOCK) + b"end"
    blocks = [data[:BLOCK], data[BLOCK : 2 * BLOCK], b"end"]
    expected = hashlib.sha256(b"".join(hashlib.sha256(block).digest() for block in blocks))
    digest = Digest()
    for start in range(0, len(data), 300_000):
        digest.update(data[start : start + 300_000])
    assert digest.hexdigest() == digest.hexdigest() == expected.hexdigest()


def test_the_digest_of_nothing() -> None:
    assert Digest().hexdigest() == hashlib.sha256().hexdigest()


@given(st.text() | st.binary())
def test_any_message_is_fields_or_refused(message: str | bytes) -> None:
    try:
        fields = read_fields(message)
        read_count(fields, "size", 10)
    except TransferError:
        return
    assert 0 <= fields["size"] <= 10  # type: ignore[operator]


@given(st.text(max_size=300))
def test_any_name_stays_in_its_folder(name: str) -> None:
    try:
        name = read_name({"file": name})
    except TransferError:
        return
    assert name
    assert not name.startswith(".")
    assert not set(name) & set("/\\\0\n")
    assert len(name.encode()) <= MAX_NAME


@given(st.text(st.characters()) | st.integers() | st.none())
def test_what_an_offer_calls_its_transfer_can_be_said_again(name: object) -> None:
    assert read_transfer(read_fields(json.dumps({"transfer": name}))) == name
    said = write_fields(transfer=name)
    assert said.encode().decode() == said
    assert read_fields(said) == {"transfer": name}


@pytest.mark.parametrize("name", ["[1]", "{}", "1.5", "[" * 500 + "]" * 500])
def test_what_cannot_be_said_again_is_no_transfer(name: str) -> None:
    with pytest.raises(TransferError):
        read_transfer(read_fields(f'{{"transfer": {name}}}'))


def test_half_a_character_can_be_said() -> None:
    """File systems and peers have such names."""
    said = write_fields(file="\ud800")
    assert said.encode().decode() == said
    assert read_fields(said) == {"file": "\ud800"}
