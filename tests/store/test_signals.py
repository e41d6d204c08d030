from moderator.errors import StoreError
from moderator.store.client import Client
from moderator.store.comments import Comments
from moderator.store.nearduplicate import signature
from moderator.store.signals import Gathered, SignalInput, Signals, shard

DAY_MS = 86_400_000
NOON_MS = 20_000 * DAY_MS + DAY_MS // 2
ADVERT = "Earn five thousand a week from home, no experience needed, write to the number in my profile today"


def item(
    number: int, text: str = ADVERT, *, author: str | None = "u-1", article: str = "a-1", at_ms: int = NOON_MS
) -> SignalInput:
    (found,) = signature([text])
    return SignalInput(
        id=f"c-{number}",
        text_signature=None if found is None else found.packed,
        bands=() if found is None else found.bands,
        article_id=article,
        author_id=author,
        at_ms=at_ms + number,
    )


async def gather(client: Client, *items: SignalInput, site: str = "default") -> list[Gathered]:
    found = await Signals(client).gather(site, items)
    assert all(isinstance(each, Gathered) for each in found)
    return [each for each in found if isinstance(each, Gathered)]


async def test_copies_in_one_batch_see_each_other(client: Client) -> None:
    found = await gather(client, *(item(n, author=f"u-{n}") for n in range(5)))
    assert [each.near_duplicates for each in found] == [0, 1, 2, 3, 4]
    assert {each.same_author_duplicates for each in found} == {0}


async def test_a_retry_counts_once_and_gets_the_same_answer(client: Client) -> None:
    first = await gather(client, item(1), item(2), item(3))
    again = await gather(client, item(1), item(2), item(3))
    (fourth,) = await gather(client, item(4))

    assert [each.author_comments for each in again] == [each.author_comments for each in first] == [0, 1, 2]
    assert [each.near_duplicates for each in again] == [2, 2, 2]  # the later copies are there by now
    assert fourth == Gathered(
        near_duplicates=3,
        same_author_duplicates=3,
        author_comments=3,
        author_first_seen_ms=NOON_MS + 1,
        article_comments=3,
    )


async def test_a_copy_with_a_word_changed_is_near_and_another_text_is_not(client: Client) -> None:
    other = "The bridge over the river was closed again this morning, and nobody told the drivers why or for how long"
    found = await gather(client, item(1), item(2, ADVERT.replace("five", "nine")), item(3, other))
    assert [each.near_duplicates for each in found] == [0, 1, 0]


async def test_thanks_said_a_hundred_times_are_no_campaign(client: Client) -> None:
    found = await gather(client, *(item(n, "Thank you very much!") for n in range(100)))
    assert {each.near_duplicates for each in found} == {0}


async def test_yesterday_counts_and_last_week_does_not(client: Client) -> None:
    await gather(client, item(1, at_ms=NOON_MS - 7 * DAY_MS), item(2, at_ms=NOON_MS - DAY_MS))
    (found,) = await gather(client, item(3))
    assert found.near_duplicates == 1


async def test_a_campaign_is_bounded_to_the_newest_64(client: Client) -> None:
    found = await gather(client, *(item(n, author=None) for n in range(80)))
    assert found[-1].near_duplicates == 64
    assert found[-1].same_author_duplicates == 0


async def test_authors_articles_and_sites_do_not_mix(client: Client) -> None:
    await gather(client, item(1, author="u-1", article="a-1"))
    await gather(client, item(2), site="another")
    (other,) = await gather(client, item(3, author="u-2", article="a-2"))
    assert other == Gathered(near_duplicates=1, author_first_seen_ms=NOON_MS + 3)


async def test_a_comment_without_author_has_no_past(client: Client) -> None:
    (found,) = await gather(client, item(1, author=None))
    assert (found.author_comments, found.author_first_seen_ms) == (0, None)


async def test_a_short_text_without_author_counts_for_its_article_alone(client: Client) -> None:
    found = await gather(client, *(item(n, "Thank you!", author=None) for n in range(3)))
    assert found == [Gathered(article_comments=n) for n in range(3)]


async def test_one_index_that_fails_is_the_error_of_its_items_alone(client: Client) -> None:
    await client.call("SET", client.keys.article("default", "a-2"), "no set")
    first, broken, last = await Signals(client).gather("default", [item(1), item(2, article="a-2"), item(3)])
    assert isinstance(broken, StoreError)
    assert isinstance(first, Gathered)
    assert isinstance(last, Gathered)
    assert last.article_comments == 1


async def test_near_duplicate_keys_expire(client: Client) -> None:
    await gather(client, item(1))
    key = client.keys.near("default", NOON_MS // DAY_MS, shard(item(1).bands[0]))
    seconds = await client.call("TTL", key)
    assert 0 < seconds <= 2 * 86_400


async def test_an_index_may_name_a_comment_that_never_came_to_be(client: Client) -> None:
    await gather(client, item(1))
    assert await Comments(client).list("default", author="u-1") == ([], None)
