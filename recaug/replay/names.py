"""What data sets call their columns and their kinds of event."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

#: Names of columns as data sets have them, in lower case without `_`; the first match wins.
NAMES: dict[str, tuple[str, ...]] = {
    role: tuple(names.split())
    for role, names in {
        "user": "userid user uid customerid clientid memberid visitorid reviewerid userpseudoid"
        " usersession sessionid session sasuser",
        "item": "itemid item productid movieid artistid parentasin asin sku productsku stockcode"
        " isbn businessid bookid gameid trackid songid articleid newsid videoid aid sasitem",
        "friend": "friendid",
        "time": "timestamp time ts eventtime datetime date unixreviewtime createdat timestampms"
        " eventtimestamp invoicedate orderdate purchasedate",
        "kind": "eventtype event behaviortype behavior action type",
        "rating": "rating score stars overall bookrating",
        "weight": "weight count playcount",
        "price": "price unitprice",
        "quantity": "quantity qty",
        "currency": "currency",
        "order_id": "orderid transactionid invoiceno invoice orderno",
        "session_id": "sessionid usersession",
        "day": "day",
        "month": "month",
        "year": "year",
    }.items()
}

#: Names data sets have for kinds of event.
KINDS = {
    "click": "click",
    "clicks": "click",
    "view": "view",
    "pv": "view",
    "addtocart": "add_to_cart",
    "cart": "add_to_cart",
    "carts": "add_to_cart",
    "removefromcart": "remove_from_cart",
    "purchase": "purchase",
    "buy": "purchase",
    "transaction": "purchase",
    "orders": "purchase",
    "like": "like",
    "fav": "like",
    "favorite": "like",
    "share": "share",
    "follow": "follow",
}

#: Words that give a column away where its name as a whole is none of the above.
_WORDS = {
    role: frozenset(words.split())
    for role, words in {
        "user": "user customer client member visitor buyer shopper account person",
        "item": "item product article sku movie book song track video asin offer",
        "time": "timestamp time date datetime when",
    }.items()
}
#: What the column of an id is called beside those of names and prices.
_ID = frozenset({"id", "ids", "no", "nr", "num", "number", "code", "key", "ref"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def plain(name: str) -> str:
    """A name as it is compared: `userId`, `user_id` and RecBole's `user_id:token` are the same."""
    return "".join(c for c in name.split(":")[0].lower() if c.isalnum())


def find(header: Sequence[str], names: Sequence[str]) -> str | None:
    """The first column of `header` called by one of `names`, earlier names first."""
    by_name = {plain(column): column for column in reversed(header)}
    return next((by_name[name] for name in names if name in by_name), None)


def proposed(header: Sequence[str], role: str, taken: Collection[str]) -> str | None:
    """The one column whose name speaks of the role, among several the one of ids; else None."""
    free = [column for column in header if column not in taken]
    about = [column for column in free if _words(column) & _WORDS[role]]
    if len(about) > 1 and role != "time":
        about = [column for column in about if _words(column) & _ID]
    return about[0] if len(about) == 1 or (about and role == "time") else None


def _words(name: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(name.split(":")[0])}
