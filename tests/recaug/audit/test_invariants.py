"""Every promise broken on purpose, on a real log: the audit finds exactly that, and where.

Each test writes a log that is right but for what it says, so whatever else is found is a fault.
"""

from __future__ import annotations

from kafka import KafkaConsumer, TopicPartition
from kafka.structs import OffsetAndMetadata

from recaug.audit import Check, Report, audit, begin
from recaug.kafka import admin
from recaug.settings import Settings
from tests.recaug.audit.hand import Hand, Place


def found(report: Report) -> dict[Check, tuple[int, tuple[str, ...]]]:
    return {one.check: (one.count, one.examples) for one in report.problems}


def at(topic: str, place: Place) -> str:
    return f"{topic}:{place[0]}:{place[1]}"


def answered(hand: Hand, event_id: str, user: str = "u1") -> Place:
    """An event that everything went well with; where it is in the log."""
    place = hand.accept(event_id, hand.publish(event_id, user=user), user=user)
    hand.answer(event_id, user=user)
    return place


def test_i1_an_input_that_became_nothing(settings: Settings, hand: Hand) -> None:
    answered(hand, "e1")
    lost = hand.publish("lost")
    unread = hand.raw(b"\xff")
    answered(hand, "e2")
    hand.publish("e2")  # resent: rightly dropped
    stranger = hand.publish("e2", user="u2")  # not a resend: another user's, so to be refused

    report = audit(settings)

    assert found(report) == {Check.MISSING_INPUT: (3, tuple(sorted((lost, unread, stranger))))}
    assert (report.missing, report.doubled, report.events.duplicates) == (3, 0, 1)


def test_i1_a_resend_of_what_comes_later_is_no_resend(settings: Settings, hand: Hand) -> None:
    lost = hand.publish("e1")
    answered(hand, "e1")

    assert found(audit(settings)) == {Check.MISSING_INPUT: (1, (lost,))}


def test_i1_two_fates(settings: Settings, hand: Hand) -> None:
    source = hand.publish("e1")
    hand.accept("e1", source)
    hand.answer("e1")
    hand.reject(source, "bad_field", b"{}")
    flood = hand.publish("e2")  # refused from a memory that the crash took with it
    hand.reject(flood, "user_flood", b"{}")
    hand.accept("e2", flood)
    hand.answer("e2")

    report = audit(settings)

    assert found(report) == {Check.TWO_FATES: (1, (f"{source} (bad_field)",))}
    assert (report.events.both, report.events.accepted, report.events.rejected) == (2, 2, {})


def test_i1_somebody_else_writes_to_the_log(settings: Settings, hand: Hand) -> None:
    log = settings.topics.events.name
    clicks = settings.topics.clickstream.name
    answered(hand, "e1")
    strays = [
        hand.accept("nobody's", None),
        hand.accept("beyond", f"{clicks}:0:99"),
        hand.accept("elsewhere", "other:0:0"),
        hand._send(log, b"not json", []),
    ]
    hand.answer("beyond")  # recommend cannot know, and is not to blame

    report = audit(settings)

    assert found(report) == {Check.STRAY_EVENT: (4, tuple(at(log, one) for one in strays))}
    assert (report.events.accepted, report.recommendations.expected) == (1, 1)


def test_i2_copies_of_one_source(settings: Settings, hand: Hand) -> None:
    source = hand.publish("e1")
    first = hand.accept("e1", source)
    copy = hand.accept("e1", source)
    hand.answer("e1", at=first)
    hand.answer("e1", at=copy)  # a replay names the copy that it read

    report = audit(settings)

    assert found(report) == {}
    assert (report.events.copies, report.recommendations.copies) == (1, 1)
    assert (report.events.accepted, report.recommendations.delivered) == (1, 2)

    elsewhere = hand.accept("e1", source, partition=1 - first[0])
    assert elsewhere[0] != first[0]
    hand.accept("changed", source)

    assert found(audit(settings)) == {
        Check.DOUBLED_EVENT: (1, (source,)),
        Check.COPIES_DIFFER: (1, (source,)),
    }


def test_i2_a_resend_that_is_answered_twice(settings: Settings, hand: Hand) -> None:
    small = settings.model_copy(update={"resend_window": 2})
    log = settings.topics.events.name
    first = answered(hand, "e1")
    again = hand.accept("e1", hand.publish("e1"))  # clean had forgotten it
    assert found(audit(small)) == {}

    hand.answer("e1", at=again)  # and so had recommend
    report = audit(small)
    places = f"{first[0]}:{first[1]} and {again[0]}:{again[1]}"
    assert found(report) == {Check.DOUBLED_ANSWER: (1, (f"{log} {places}",))}
    assert (report.doubled, report.events.duplicates) == (1, 1)

    for name in ("e2", "e3", "e4"):
        answered(hand, name)
    late = hand.accept("e1", hand.publish("e1"))  # beyond the window: a new event, as documented
    hand.answer("e1", at=late)
    assert audit(small).doubled == 1


def test_i2_an_id_of_two_users(settings: Settings, hand: Hand) -> None:
    one = answered(hand, "e1", "u1")
    hand.places.clear()
    two = answered(hand, "e1", "u2")
    problems = audit(settings).problems
    assert [(one.check, one.count) for one in problems] == [(Check.REUSED_ID, 1)]
    where = sorted((one, two))
    assert problems[0].examples == (
        f"recaug.events {where[0][0]}:{where[0][1]} and {where[1][0]}:{where[1][1]}",
    )


def test_i2_answers_that_are_wrong(settings: Settings, hand: Hand) -> None:
    topic = settings.topics.recommendations.name
    place = answered(hand, "e1")
    other = answered(hand, "other", "u2")
    strays = [
        hand.answer("unheard-of", at=place),  # the event there is another
        hand._send(topic, b"not json", []),
        hand.answer("e1", recommendation_id="made up"),
    ]
    wrong = hand.answer("e1", user="u2")
    greedy = hand.answer("other", user="u2", at=other, supersedes=[other[1] + 0])

    report = audit(settings)

    assert found(report)[Check.STRAY_ANSWER][0] == 3
    told = " ".join(found(report)[Check.STRAY_ANSWER][1])
    assert all(at(topic, one) in told for one in strays)
    assert found(report)[Check.WRONG_USER] == (
        2,
        tuple(
            sorted(
                (
                    f"{at(topic, wrong)} to {place[0]}:{place[1]}",
                    f"{at(topic, greedy)} supersedes {other[1]}",
                )
            )
        ),
    )
    assert set(found(report)) == {Check.STRAY_ANSWER, Check.WRONG_USER}


def test_an_event_may_be_superseded_by_a_newer_one(settings: Settings, hand: Hand) -> None:
    older = [hand.accept(name, hand.publish(name)) for name in ("e1", "e2", "e3")]
    hand.accept("e4", hand.publish("e4"))
    hand.answer("e4", supersedes=[older[0][1], older[1][1]])
    log = settings.topics.events.name

    report = audit(settings)

    assert found(report) == {Check.MISSING_ANSWER: (1, (at(log, older[2]),))}
    answers = report.recommendations
    assert (answers.expected, answers.distinct, answers.superseded, answers.missing) == (4, 1, 2, 1)


def test_i4_an_event_that_overtakes(settings: Settings, hand: Hand) -> None:
    sources = {name: hand.publish(name) for name in ("a1", "a2", "a3")}
    other = hand.publish("b1", user="u1b")
    hand.accept("b1", other, user="u1b", partition=0)
    places = {n: hand.accept(n, sources[n], partition=0) for n in ("a1", "a3", "a2", "a1")}
    for name in ("a1", "a2", "a3"):
        hand.answer(name)
    hand.answer("b1", user="u1b")
    later, earlier = places["a3"][1], places["a2"][1]

    assert found(audit(settings)) == {
        Check.ORDER: (
            1,
            (
                f"recaug.events 0:{later} is before 0:{earlier} "
                f"(from {sources['a1'].rpartition(':')[0]})",
            ),
        )
    }


def test_i4_a_document_that_comes_back(settings: Settings, hand: Hand) -> None:
    topics = settings.topics
    sources = [hand.to(topics.items.name, b"{}", "i1") for _ in range(3)]
    lost = hand.to(topics.users.name, b"{}", "u9")
    gone = hand.to(topics.users.name, None, "u8")  # what it became is deleted as well after a day
    refused = hand.to(topics.items.name, b"[]", "i2")
    hand.reject(refused, "not_an_object", b"[]")
    for source in (sources[0], sources[2]):  # compaction has eaten the second
        hand.document(topics.clean_items.name, "i1", source)

    report = audit(settings)
    assert found(report) == {Check.MISSING_DOCUMENT: (1, (lost,))}
    assert report.documents.rejected == {"not_an_object": 1}
    assert (report.documents.accepted, report.documents.replaced) == (2, 2)
    assert gone

    hand.document(topics.clean_items.name, "i1", sources[1])
    wrong = f"{topics.clean_items.name}: {sources[1]} is after {sources[2]}"
    assert found(audit(settings))[Check.DOCUMENT_ORDER] == (1, (wrong,))


def test_i5_models_that_may_not_answer(settings: Settings, hand: Hand) -> None:
    topic = settings.topics.recommendations.name
    for name in ("e0", "e1", "e2", "e3"):
        hand.accept(name, hand.publish(name))
    hand.model("loser", promoted=False)
    hand.model("v1")
    hand.model("v2")
    wrong = [hand.answer("e0", "forged"), hand.answer("e1", "loser")]
    hand.answer("e2", "v2")
    hand.answer("e3", "v1")  # v2 is seconds old: a partition may change hands meanwhile

    report = audit(settings)

    named = zip(wrong, ("forged", "loser"), strict=True)
    shown = tuple(f"{at(topic, place)} by {version}" for place, version in named)
    assert found(report) == {Check.MODEL_UNKNOWN: (2, shown)}
    assert [model.version for model in report.models] == ["loser", "v1", "v2"]


def test_what_is_under_way_is_not_missing(settings: Settings, hand: Hand) -> None:
    hand.accept("e1", hand.publish("e1"))
    hand.publish("e2")
    hand.to(settings.topics.items.name, b"{}", "i1")

    report = audit(settings, drained=False)

    # No service has ever run: all waits for it, and that is what is wrong.
    assert [(one.check, one.count) for one in report.problems] == [(Check.STOPPED, 4)]
    assert (report.missing, report.events.waiting) == (0, 1)
    assert (report.documents.waiting, report.recommendations.waiting) == (1, 1)
    assert audit(settings).missing == 3


def test_users_who_were_erased_need_no_answer(settings: Settings, hand: Hand) -> None:
    log, topics = settings.topics.events.name, settings.topics
    hand.accept("e1", hand.publish("e1"))
    kept = hand.accept("e2", hand.publish("e2", user="u2"), user="u2")
    source = hand.to(topics.users.name, None, "u1")
    hand.document(topics.clean_users.name, "u1", source, None)

    report = audit(settings)

    assert found(report) == {Check.MISSING_ANSWER: (1, (at(log, kept),))}
    assert (report.recommendations.erased, report.recommendations.expected) == (1, 2)


def test_a_run_is_judged_without_what_was_before(settings: Settings, hand: Hand) -> None:
    hand.publish("lost before")
    hand.accept("old", hand.publish("old"))
    since = begin(settings)
    lost = hand.publish("lost since")
    hand.accept("old", hand.publish("old"))  # resent: recommend knew it, clean did not

    report = audit(settings, since)

    assert found(report) == {Check.MISSING_INPUT: (1, (lost,))}
    assert (report.events.published, report.events.duplicates) == (2, 1)


def commit(settings: Settings, service: str, topic: str, place: tuple[int, int]) -> None:
    """Acknowledge a partition up to an offset, as a worker of that service would."""
    client = KafkaConsumer(
        bootstrap_servers=settings.kafka,
        group_id=settings.group(service),
        enable_auto_commit=False,
    )
    where = TopicPartition(topic, place[0])
    client.assign([where])
    client.commit({where: OffsetAndMetadata(place[1], "", -1)})
    client.close()


def delete(settings: Settings, topic: str, place: tuple[int, int]) -> None:
    """What retention does in the end."""
    with admin(settings.kafka) as client:
        client.delete_records({TopicPartition(topic, place[0]): place[1]})


def test_i6_what_was_acknowledged_is_not_under_way(settings: Settings, hand: Hand) -> None:
    clicks, log = settings.topics.clickstream.name, settings.topics.events.name
    lost, waits = hand.publish("lost"), hand.publish("waits")
    unanswered = hand.accept("e1", hand.publish("e1"))
    due = hand.accept("e2", hand.publish("e2"))
    number = int(lost.split(":")[1])
    commit(settings, "clean", clicks, (number, int(waits.split(":")[2])))
    commit(settings, "recommend", log, due)

    report = audit(settings, drained=False)

    problems = found(report)
    assert problems[Check.MISSING_INPUT] == (1, (lost,))
    assert problems[Check.MISSING_ANSWER] == (1, (at(log, unanswered),))
    assert set(problems) == {Check.MISSING_INPUT, Check.MISSING_ANSWER, Check.STOPPED}
    assert (report.events.waiting, report.recommendations.waiting) == (1, 1)


def test_i6_records_that_were_deleted_before_they_were_read(settings: Settings, hand: Hand) -> None:
    log = settings.topics.events.name
    place = answered(hand, "e1")
    commit(settings, "learn", log, (place[0], 0))
    answered(hand, "e2")
    delete(settings, log, (place[0], 1))

    problems = audit(settings).problems

    assert [(one.check, one.count) for one in problems] == [(Check.EXPIRED, 1)]
    assert "1 records were deleted before they were read" in problems[0].examples[0]


def test_what_retention_took_is_not_missing(settings: Settings, hand: Hand) -> None:
    log, answers = settings.topics.events.name, settings.topics.recommendations.name
    hand.accept("e1", hand.publish("e1"))
    gone = hand.answer("e1")
    delete(settings, answers, (gone[0], gone[1] + 1))
    answered(hand, "e2")
    late = hand.accept("e3", hand.publish("e3"))

    report = audit(settings)
    assert found(report) == {Check.MISSING_ANSWER: (1, (at(log, late),))}
    assert (report.recommendations.expired, report.recommendations.expected) == (1, 2)

    delete(settings, log, (late[0], 1))  # the first event goes as well
    report = audit(settings)
    assert found(report) == {Check.MISSING_ANSWER: (1, (at(log, late),))}
    assert (report.events.expired, report.events.accepted) == (1, 2)
