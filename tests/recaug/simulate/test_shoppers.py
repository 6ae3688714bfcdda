"""People: who they are on the wire, what suits them, how their tastes move."""

import random

import orjson

from recaug.events import parse_user
from recaug.simulate.catalogue import make_catalogue
from recaug.simulate.shoppers import MEMORY, make_shoppers

AT_MS = 1_764_000_000_000
NAMES = ("Hiking", "Tea", "Dogs", "Yoga", "Denim", "Coffee")
SHOPPERS = make_shoppers(random.Random(1), 2_000, NAMES)


def test_some_are_visitors_first_and_a_few_opt_out() -> None:
    visitors = sum(not shopper.signed_in for shopper in SHOPPERS)
    assert 200 < visitors < 400
    assert 0 < sum(not shopper.consent for shopper in SHOPPERS) < 60


def test_signing_in_keeps_the_visitors_id_beside_the_users() -> None:
    visitor = next(shopper for shopper in SHOPPERS if not shopper.signed_in)
    assert visitor.identity() == {"anonymous_id": visitor.anonymous_id}
    assert visitor.key == visitor.anonymous_id
    visitor.signed_in = True
    both = {"user_id": visitor.user_id, "anonymous_id": visitor.anonymous_id}
    assert visitor.identity() == both
    assert visitor.key == visitor.user_id


def test_members_have_a_user_id_alone() -> None:
    member = next(shopper for shopper in SHOPPERS if not shopper.anonymous_id)
    assert member.identity() == {"user_id": member.user_id}


def test_tastes_are_different_and_drift_to_what_is_near() -> None:
    assert all(len(set(shopper.tastes)) == 4 for shopper in SHOPPERS)
    shopper = SHOPPERS[0]
    shopper.tastes = ["Hiking", "Tea"]
    chance, met = random.Random(1), set()
    for _ in range(500):
        shopper.drift(chance, NAMES, near=("Coffee",))
        assert len(set(shopper.tastes)) == 2
        met |= set(shopper.tastes)
    assert met == set(NAMES)


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    shopper = SHOPPERS[1]
    for at in range(MEMORY + 5):
        shopper.look(at)
    assert list(shopper.seen) == list(range(5, MEMORY + 5))
    assert shopper.last_item == MEMORY + 4


def test_audience_and_price_decide_what_suits() -> None:
    shoe = make_catalogue(1)[0]  # for women, from the cheapest brand
    woman, man = SHOPPERS[2], SHOPPERS[3]
    woman.audience, man.audience = "Women", "Men"
    woman.purse = man.purse = shoe.tier
    assert woman.liking(shoe) == 1.0
    assert man.liking(shoe) < 0.1
    woman.purse = 1.0
    assert man.liking(shoe) < woman.liking(shoe) < 0.5


def test_every_document_is_accepted() -> None:
    for shopper in SHOPPERS:
        user = parse_user(orjson.dumps(shopper.document(AT_MS, AT_MS - 1)), [], AT_MS)
        assert user.user_id == shopper.user_id
        assert user.consent.personalization is shopper.consent
