"""HTML to text, against the standard's cases and a full parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from moderator.scoring.markup import read

CASES = [
    ("I <3 you", "I <3 you"),
    ("1 < 2 > 0", "1 < 2 > 0"),
    ("a<b>b</b>c", "abc"),
    ("a<br>b", "a\nb"),
    ("<script>alert('<b>')</script>after", "after"),
    ("<style>p{}</STYLE >after", "after"),
    ("a<!-- c > d -->b", "ab"),
    ("a<!-->b", "ab"),
    ("a</>b", "ab"),
    ("a</ x>b", "ab"),
    ('<a href="x>y">z</a>', "z"),
    ("&lt;b&gt; &amp;lt; &#1072;&#x430; &nosuch; &", "<b> &lt; аа &nosuch; &"),
    ("cut off <a href='", "cut off "),
    ("a<?php x ?>b", "ab"),
    ("<textarea><b></textarea>", "<b>"),
]


@pytest.mark.parametrize(("markup", "text"), CASES)
def test_text_is_what_a_browser_shows(markup: str, text: str) -> None:
    assert read(markup).mapped(markup).text == text


def test_no_character_maps_into_a_tag_or_half_a_reference() -> None:
    markup = "a<b title='x'>c</b>&amp;d"
    mapped = read(markup).mapped(markup)
    begins, ends = mapped.places()
    assert [markup[begin:end] for begin, end in zip(begins, ends, strict=True)] == ["a", "c", "&amp;", "d"]


def test_links_and_blockquotes_are_noted() -> None:
    page = read('<a href="http://x.example">here</a><blockquote>one<blockquote>two</blockquote></blockquote>own')
    text = "".join(part for _, _, part in page.parts)
    assert page.links == 1
    assert [text[begin:end].split() for begin, end in page.quotes] == [["one", "two"]]


TAGS = ["<b>", "</b>", "<i>", "</i>", "<a href='x'>", "</a>", "<em/>", '<u class="y">', "<!-- x -->"]
TEXTS = ["a", "b ", "<", ">", "&amp;", "&lt", "&#65;", "<3", "</", "'", '"', "=", "я", "&", "!"]
PIECES = st.sampled_from([*TAGS, *TEXTS])


@given(st.lists(PIECES, max_size=12).map("".join))
def test_a_full_parser_sees_the_same_text(markup: str) -> None:
    # A document may lose white space at its edges, and the parser keeps a cut-off tag out just as we do.
    body = LexborHTMLParser(f"<body>x{markup}").body
    assert body is not None
    assert f"x{read(markup).mapped(markup).text}" == body.text(deep=True)
