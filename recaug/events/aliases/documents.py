"""Item documents of other systems: GA4's item parameters, Schema.org products, plain synonyms."""

from __future__ import annotations

from typing import Any

from recaug.events.aliases.names import ITEM, renamed
from recaug.events.aliases.reading import Body, Names, filled, pick, rows, table

_AVAILABILITY = {
    "instock": "in_stock",
    "limitedavailability": "in_stock",
    "onlineonly": "in_stock",
    "outofstock": "out_of_stock",
    "soldout": "out_of_stock",
    "discontinued": "out_of_stock",
    "preorder": "preorder",
    "presale": "preorder",
}
_OFFER: Names = {"price": (), "currency": ITEM["currency"], "availability": ()}
_MORE_CATEGORIES = ("item_category2", "item_category3", "item_category4", "item_category5")


def shaped_item(body: Body) -> Body:
    """The document with our names, its offer unfolded, lists where we have lists."""
    offer = next(iter(rows(body, "offers")), {})
    body = filled(
        body, pick(offer, {"price": (), "currency": ITEM["currency"], "availability": ()})
    )
    body = renamed(body, ITEM)
    if brand := table(body, "brand").get("name"):
        body["brand"] = brand
    for name in ("categories", "tags"):
        if isinstance(body.get(name), str):
            body[name] = [body[name]]
    if isinstance(body.get("categories"), list):
        body["categories"] += [body[name] for name in _MORE_CATEGORIES if body.get(name)]
    if isinstance(image := body.get("image_url"), list) and image:
        body["image_url"] = image[0]
    body["availability"] = _availability(body.get("availability"))
    return body


def _availability(value: Any) -> Any:
    """Schema.org's `https://schema.org/InStock` and other spellings."""
    if not isinstance(value, str):
        return value
    plain = value.rsplit("/", 1)[-1].lower().replace("_", "").replace(" ", "").replace("-", "")
    return _AVAILABILITY.get(plain, value)
