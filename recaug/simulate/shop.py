"""What the simulated shop sells: departments, categories, kinds of goods, brands, series names.

Words only; `catalogue` makes items of them. Every name is invented. To add a category, add it at
the end of `shop.json` (ids follow the order) and name it in the `goes_with` of its neighbours; a
kind of goods there is a name, the lowest and the highest price, and the variants sold separately.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of goods: `low` and `high` bound its price, `variants` are sold separately."""

    name: str
    low: float
    high: float
    variants: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class Category:
    """`extras` are bought after `kinds`; `goes_with` names categories people go on to."""

    name: str
    department: str
    kinds: tuple[Kind, ...]
    extras: tuple[Kind, ...]
    goes_with: tuple[str, str]
    features: tuple[str, ...]


#: Six brands a department, from the cheapest to the dearest.
BRANDS = {
    "Sport & Outdoor": ("Basecove", "Fernway", "Tarnfell", "Norrvik", "Kaldera", "Alder & Pike"),
    "Electronics": ("Voltly", "Pinehertz", "Orbix", "Lumeno", "Arcwell", "Hallmere Audio"),
    "Kitchen": (
        "Dailycook",
        "Brightoak",
        "Casa Lenta",
        "Maren",
        "Ferro & Figlio",
        "Shirasagi Forge",
    ),
    "Home": ("Plainly", "Hearth Lane", "Nordhus", "Linden Row", "Atelier Vey", "Marlowe House"),
    "Clothing": ("Everday", "Harbour Thread", "Wayland", "Loom & Field", "Solveig", "Ashcombe"),
    "Beauty": ("Puredrop", "Fable Skin", "Botanica Rue", "Seave", "Maison Orle", "Dr. Lindqvist"),
    "Kids & Pets": ("Wigglewood", "Tumbletree", "Pip & Otter", "Goodpaw", "Lillefox", "Barnaby's"),
    "Garden & Office": ("Spadewell", "Inkstead", "Greenhithe", "Papier Mill", "Thornbury", "Ostra"),
}

_NAMES = """
Meridian Solstice Juniper Halcyon Cascade Ember Fjord Lumen Tundra Willow Cobalt Harbor
Quartz Sierra Vesper Bramble Cinder Drift Echo Flint Glade Haven Indigo Jasper Kindle
Larkspur Maple Nimbus Onyx Pebble Quill Ridge Saffron Thistle Umber Verve Wren Yarrow
Zephyr Aurora Birch Canyon Dune Elm Falcon Granite Heron Isla Juno Kite Lagoon Mistral
North Opal Prairie Rowan Slate Talon Union Vale Wilder Aspen Bayou Cove Delta Everly Fable
Grove Hollow Iris Jetty Keel Lyric Marlin Nova Orchard Pilot Quest River Summit Terra
Urban Violet Weston Alto Beacon Clover Dawn Estuary Fern Garnet Hazel Inlet Jade Kelp
Linnet Moss Nettle Orbit Plume Reef Sable Tidal Velvet Anchor Basalt Calypso Dapple Eider
Foxglove Gale Heath Ivory Jura Koa Loft Myrtle Noble Oasis Petrel Rally Scout Tempo Vista
Amber Bolt Coral Dovetail Elder Frost Ginger Horizon Ibis Jubilee Corvid Lantern Magnolia
Nectar Olive Pinnacle Ramble Sequoia Trellis Vireo Acorn Breeze Copper Dahlia Evergreen
Feather Gallant Hearth Inca Jolly Kyoto Lupine Mesa Nomad Osprey Pioneer Rosewood Sparrow
Topaz Verona Arbor Bluff Citrus Dusk Elara Fresco Gossamer Harvest Ingot Juniata Kindred
Lodestar Marina Nocturne Oriel Parade Rustic Skylark Tansy Valor Almond Bellamy Cedar
Dover Equinox Finch Gable
"""
#: One name a series; when they run out they come again as a second generation, then a third.
SERIES = tuple(_NAMES.split())


def _kinds(rows: list[list[Any]]) -> tuple[Kind, ...]:
    return tuple(Kind(name, low, high, *map(tuple, more)) for name, low, high, *more in rows)


def _category(told: dict[str, Any]) -> Category:
    first, second = told["goes_with"]
    return Category(
        told["name"], told["department"], _kinds(told["kinds"]), _kinds(told["extras"]),
        (first, second), tuple(told["features"]),
    )  # fmt: skip


CATEGORIES = tuple(map(_category, json.loads((files(__package__) / "shop.json").read_bytes())))
