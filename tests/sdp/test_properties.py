"""Round trips, emission order and garbage, over generated descriptions and the recorded ones."""

import random
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sdp import Description, parse, parse_fragment, serialize, serialize_fragment
from tests.sdp.strategies import descriptions
from tests.sdp.support import BROWSER_FILES, LEGACY_FILES
from tools.fuzz_sdp import fuzz_candidate, fuzz_fragment, fuzz_sdp

# RFC 8866 §5: the order of the session-level lines and of those of a media description.
ORDER = re.compile("vosi?u?e*p*c?b*(tr*)+z?a*(mi?c?b*a*)*")


@given(descriptions())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=20, deadline=None)
def test_every_description_round_trips_in_the_order_of_the_grammar(
    description: Description,
) -> None:
    text = serialize(description)
    lines = text.split("\r\n")
    assert lines.pop() == ""
    assert ORDER.fullmatch("".join(line[0] for line in lines))
    assert all(line[1] == "=" for line in lines)
    parsed = parse(text)
    assert parsed == description
    assert parsed.tolerated == ()


@pytest.mark.parametrize("path", BROWSER_FILES[::7], ids=lambda path: path.stem)
def test_resolving_defaults_settles(path: Path) -> None:
    if "cr-only" in path.name or "no-v-line" in path.name:
        return
    description = parse(path.read_bytes())
    inherited = description.with_inherited_attributes()
    for index in range(len(description.media)):
        assert inherited.effective(index) == description.effective(index)
    resolved = description.with_inherited_bundle_attributes()
    assert resolved.with_inherited_bundle_attributes() == resolved
    assert parse(serialize(resolved)) == resolved


@given(st.binary(max_size=400))
def test_garbage(data: bytes) -> None:
    fuzz_sdp(data)
    fuzz_candidate(data)
    fuzz_fragment(data)


@given(st.lists(st.sampled_from("vosiuepcbtrzkam"), max_size=12), st.data())
def test_garbage_in_the_form_of_lines(letters: list[str], data: st.DataObject) -> None:
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0"]
    lines += [f"{letter}={data.draw(st.text(max_size=20))}" for letter in letters]
    fuzz_sdp("\r\n".join(lines).encode("utf-8", "surrogatepass"))


@given(st.sampled_from(BROWSER_FILES + LEGACY_FILES), st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_mutated_descriptions(path: Path, seed: int) -> None:
    data = mutate(path.read_bytes(), random.Random(seed))
    fuzz_sdp(data)
    fuzz_fragment(data)


def mutate(data: bytes, chance: random.Random) -> bytes:
    """Damage a description: bytes, tokens and whole lines are removed, doubled or swapped."""
    lines = data.split(b"\r\n")
    for _ in range(chance.randint(1, 6)):
        at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        kind = chance.randrange(6)
        if kind == 0:
            lines[at] = lines[at][: chance.randint(0, len(lines[at]))]
        elif kind == 1:
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == 2:
            lines.insert(at, lines[other])
        elif kind == 3:
            position = chance.randint(0, len(lines[at]))
            noise = chance.randbytes(chance.randint(1, 4))
            lines[at] = lines[at][:position] + noise + lines[at][position:]
        elif kind == 4:
            tokens = lines[at].split(b" ")
            tokens[chance.randrange(len(tokens))] = chance.choice([b"", b"-1", b"*", b"9" * 30])
            lines[at] = b" ".join(tokens)
        else:
            prefix = lines[at].partition(b":")[0]
            lines[at] = prefix + b":" + lines[other].partition(b":")[2]
    return b"\r\n".join(lines)


@pytest.mark.slow
@pytest.mark.parametrize("path", BROWSER_FILES[::3], ids=lambda path: path.stem)
def test_many_mutations_of_one_description(path: Path) -> None:
    chance = random.Random(path.name)
    for _ in range(20):
        fuzz_sdp(mutate(path.read_bytes(), chance))


def test_fragment_of_a_description_round_trips() -> None:
    for path in BROWSER_FILES:
        if "cr-only" not in path.name:
            fragment = parse_fragment(path.read_bytes())
            assert parse_fragment(serialize_fragment(fragment)) == fragment
