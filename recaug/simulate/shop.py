"""What the simulated shop sells: departments, categories, kinds of goods, brands, series names.

Words only; `catalogue` makes items of them. Every name is invented. To add a category, add a
`Category` at the end (ids follow the order) and name it in the `goes_with` of its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

FIT = ("Women", "Men")
FAMILY = ("Women", "Men", "Kids")


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

_SPORT, _TECH, _KITCHEN, _HOME = "Sport & Outdoor", "Electronics", "Kitchen", "Home"
_WEAR, _BEAUTY, _SMALL, _GARDEN = "Clothing", "Beauty", "Kids & Pets", "Garden & Office"

CATEGORIES = (
    Category(
        "Trail Running",
        _SPORT,
        (
            Kind("Trail Running Shoe", 95, 170, FIT),
            Kind("Running Jacket", 80, 190, FIT),
            Kind("Running Short", 35, 70, FIT),
            Kind("Hydration Vest", 75, 150, ("5 L", "12 L")),
        ),
        (Kind("Trail Sock, 3-Pack", 18, 36), Kind("Soft Flask", 14, 24), Kind("Gaiter", 22, 40)),
        ("Hiking", "Headphones"),
        ("a sticky rubber outsole", "drains in seconds", "reflective trim", "a secure heel lock"),
    ),
    Category(
        "Coffee",
        _KITCHEN,
        (
            Kind("Espresso Machine", 240, 890, ("Steel", "Matte Black")),
            Kind("Burr Coffee Grinder", 79, 320, ("Manual", "Electric")),
            Kind("Pour-Over Set", 34, 88, ("2 Cups", "4 Cups")),
            Kind("Whole Bean Coffee", 12, 32, ("250 g", "1 kg")),
        ),
        (
            Kind("Milk Frothing Jug", 15, 38),
            Kind("Paper Filter, 100-Pack", 6, 11),
            Kind("Tamper", 18, 52),
        ),
        ("Tea", "Tableware"),
        ("even extraction", "heats up in 40 seconds", "roasted in small batches", "quiet running"),
    ),
    Category(
        "Headphones",
        _TECH,
        (
            Kind("Over-Ear Headphones", 89, 420, ("Black", "Sand")),
            Kind("True Wireless Earbuds", 49, 260, ("White", "Graphite")),
            Kind("Sport Earphones", 39, 140, ("Coral", "Black")),
            Kind("Studio Headphones", 110, 480),
        ),
        (
            Kind("Headphone Case", 15, 35),
            Kind("Replacement Ear Pads", 12, 30),
            Kind("Headphone Stand", 19, 55),
        ),
        ("Speakers", "Phone Accessories"),
        ("adaptive noise cancelling", "30 hours of battery", "a folding frame", "clear calls"),
    ),
    Category(
        "Hiking",
        _SPORT,
        (
            Kind("Hiking Boot", 120, 240, FAMILY),
            Kind("Rain Shell", 110, 340, FIT),
            Kind("Hiking Trouser", 60, 130, FIT),
            Kind("Backpack", 90, 230, ("28 L", "45 L")),
        ),
        (
            Kind("Trekking Pole, Pair", 45, 140),
            Kind("Merino Hiking Sock", 16, 28),
            Kind("Rain Cover", 18, 32),
        ),
        ("Camping", "Trail Running"),
        ("a waterproof membrane", "recycled ripstop", "a vented back panel", "mid-cut support"),
    ),
    Category(
        "Skincare",
        _BEAUTY,
        (
            Kind("Hydrating Serum", 18, 84, ("30 ml", "50 ml")),
            Kind("Day Cream", 16, 72, ("Normal Skin", "Dry Skin")),
            Kind("Gentle Cleanser", 9, 34, ("150 ml", "400 ml")),
            Kind("Sunscreen SPF 50", 14, 38),
        ),
        (
            Kind("Cotton Pad, 80-Pack", 4, 9),
            Kind("Jade Roller", 12, 29),
            Kind("Overnight Mask", 15, 48),
        ),
        ("Haircare", "Bath"),
        ("with hyaluronic acid", "free of fragrance", "with niacinamide", "dermatologist tested"),
    ),
    Category(
        "Cookware",
        _KITCHEN,
        (
            Kind("Frying Pan", 29, 160, ("24 cm", "28 cm")),
            Kind("Cast Iron Casserole", 79, 320, ("4 L", "6 L")),
            Kind("Saucepan", 35, 140, ("1.5 L", "3 L")),
            Kind("Wok", 39, 130),
        ),
        (
            Kind("Glass Lid", 14, 34),
            Kind("Pan Protector, Set of 3", 8, 16),
            Kind("Silicone Spatula", 9, 19),
        ),
        ("Kitchen Knives", "Baking"),
        ("ready for induction", "oven safe to 260 °C", "a riveted steel handle", "no PFAS"),
    ),
    Category(
        "Camping",
        _SPORT,
        (
            Kind("Tent", 140, 620, ("2-Person", "4-Person")),
            Kind("Down Sleeping Bag", 110, 420, ("Regular", "Long")),
            Kind("Sleeping Mat", 45, 190, ("Regular", "Wide")),
            Kind("Camping Stove", 39, 140),
        ),
        (
            Kind("Tent Peg, Set of 12", 12, 26),
            Kind("Camping Lantern", 24, 68),
            Kind("Titanium Mug", 18, 42),
        ),
        ("Hiking", "Climbing"),
        ("a 3,000 mm flysheet", "packs to a litre", "aluminium poles", "insulated to -6 °C"),
    ),
    Category(
        "Dogs",
        _SMALL,
        (
            Kind("Dog Bed", 39, 160, ("Small", "Large")),
            Kind("Dog Harness", 19, 58, ("Small", "Medium", "Large")),
            Kind("Grain-Free Dog Food", 22, 74, ("3 kg", "12 kg")),
            Kind("Dog Raincoat", 25, 70),
        ),
        (
            Kind("Dog Lead", 14, 38),
            Kind("Chew Toy", 7, 18),
            Kind("Training Treats", 5, 12),
            Kind("Waste Bag, 12 Rolls", 8, 14),
        ),
        ("Cats", "Hiking"),
        (
            "a washable cover",
            "no-pull front ring",
            "made with free-range turkey",
            "reflective piping",
        ),
    ),
    Category(
        "Bedding",
        _HOME,
        (
            Kind("Linen Duvet Cover", 79, 240, ("Single", "Double", "King")),
            Kind("Percale Sheet Set", 59, 180, ("Double", "King")),
            Kind("Down Duvet", 120, 390, ("Double", "King")),
            Kind("Wool Throw", 49, 160),
        ),
        (Kind("Pillowcase, Pair", 24, 60), Kind("Memory Foam Pillow", 35, 95)),
        ("Bath", "Lighting"),
        ("stone-washed", "OEKO-TEX certified cotton", "a hidden zip", "breathable all year"),
    ),
    Category(
        "Computer Accessories",
        _TECH,
        (
            Kind("Mechanical Keyboard", 69, 220, ("Tactile", "Linear")),
            Kind("Wireless Mouse", 29, 120, ("Right-Handed", "Vertical")),
            Kind("4K Monitor", 260, 780, ("27 in", "32 in")),
            Kind("Webcam", 49, 190),
        ),
        (
            Kind("USB-C Hub", 35, 110),
            Kind("Desk Mat", 18, 45),
            Kind("Wrist Rest", 15, 34),
            Kind("Laptop Stand", 29, 85),
        ),
        ("Desk & Chair", "Gaming"),
        ("hot-swappable switches", "pairs with three devices", "low blue light", "a braided cable"),
    ),
    Category(
        "Yoga",
        _SPORT,
        (
            Kind("Yoga Mat", 29, 120, ("4 mm", "6 mm")),
            Kind("Legging", 45, 110, FIT),
            Kind("Sports Top", 32, 78, FIT),
            Kind("Meditation Cushion", 34, 80, ("Round", "Crescent")),
        ),
        (Kind("Cork Block, Pair", 18, 36), Kind("Yoga Strap", 9, 19), Kind("Mat Bag", 22, 48)),
        ("Strength Training", "Skincare"),
        ("natural rubber", "a grip that holds when wet", "four-way stretch", "alignment lines"),
    ),
    Category(
        "Knitwear",
        _WEAR,
        (
            Kind("Merino Crew Sweater", 69, 190, FIT),
            Kind("Cashmere Cardigan", 120, 340, FIT),
            Kind("Roll-Neck Jumper", 65, 170, FIT),
            Kind("Knitted Vest", 49, 120, FIT),
        ),
        (
            Kind("Ribbed Beanie", 22, 58),
            Kind("Wool Scarf", 34, 95),
            Kind("Cashmere Comb", 9, 16),
        ),
        ("Coats & Jackets", "Denim"),
        (
            "extra-fine merino",
            "fully fashioned seams",
            "knitted in one piece",
            "relaxed shoulders",
        ),
    ),
    Category(
        "Planting",
        _GARDEN,
        (
            Kind("Raised Bed", 69, 240, ("120 cm", "180 cm")),
            Kind("Terracotta Pot", 12, 58, ("18 cm", "30 cm")),
            Kind("Self-Watering Planter", 24, 79, ("Small", "Large")),
            Kind("Herb Seed Set", 14, 29),
        ),
        (
            Kind("Peat-Free Compost, 40 L", 9, 16),
            Kind("Plant Label, 20-Pack", 5, 10),
            Kind("Watering Can", 19, 52),
        ),
        ("Garden Tools", "Lighting"),
        ("frost-proof", "cut from European larch", "a hidden reservoir", "heirloom varieties"),
    ),
    Category(
        "Kitchen Knives",
        _KITCHEN,
        (
            Kind("Chef's Knife", 49, 240, ("16 cm", "20 cm")),
            Kind("Santoku Knife", 45, 220, ("14 cm", "18 cm")),
            Kind("Paring Knife", 19, 85),
            Kind("Bread Knife", 35, 130),
            Kind("Knife Block", 49, 180, ("Oak", "Walnut")),
        ),
        (
            Kind("Whetstone 1000/6000", 35, 90),
            Kind("End-Grain Chopping Board", 45, 140),
            Kind("Honing Rod", 25, 70),
        ),
        ("Cookware", "Tableware"),
        ("67 layers of steel", "a full tang", "hand-ground edge", "balanced at the bolster"),
    ),
    Category(
        "Building Toys",
        _SMALL,
        (
            Kind("Wooden Block Set", 24, 79, ("50 Pieces", "100 Pieces")),
            Kind("Marble Run", 29, 95, ("Starter", "Grand")),
            Kind("Magnetic Tile Set", 35, 120, ("32 Pieces", "64 Pieces")),
            Kind("Train Set", 39, 140, ("Oval", "Figure Eight")),
        ),
        (
            Kind("Extra Marbles, 50-Pack", 6, 12),
            Kind("Toy Storage Bag", 15, 32),
            Kind("Track Extension", 14, 39),
        ),
        ("School", "Baby"),
        ("sanded beech", "water-based paint", "rounded corners", "fits other brands' track"),
    ),
    Category(
        "Speakers",
        _TECH,
        (
            Kind("Portable Speaker", 45, 190, ("Blue", "Charcoal")),
            Kind("Bookshelf Speaker, Pair", 160, 690, ("Walnut", "White")),
            Kind("Soundbar", 140, 560, ("Compact", "With Subwoofer")),
            Kind("Turntable", 149, 620, ("Walnut", "White")),
        ),
        (
            Kind("Speaker Cable, 5 m", 15, 42),
            Kind("Wall Mount, Pair", 24, 60),
            Kind("Record Brush", 12, 26),
        ),
        ("Headphones", "Smart Home"),
        ("IP67 waterproof", "silk-dome tweeters", "room calibration", "24 hours of playback"),
    ),
    Category(
        "Coats & Jackets",
        _WEAR,
        (
            Kind("Quilted Jacket", 89, 260, FAMILY),
            Kind("Wool Overcoat", 180, 490, FIT),
            Kind("Waxed Field Jacket", 140, 360, FIT),
            Kind("Raincoat", 79, 220, FAMILY),
        ),
        (
            Kind("Leather Glove", 39, 110),
            Kind("Clothes Brush", 16, 38),
            Kind("Umbrella", 24, 78),
        ),
        ("Knitwear", "Denim"),
        ("recycled down", "storm cuffs", "taped seams", "a two-way zip"),
    ),
    Category(
        "Cycling",
        _SPORT,
        (
            Kind("Road Helmet", 59, 240, ("Small", "Medium", "Large")),
            Kind("Bib Short", 70, 210, FIT),
            Kind("Cycling Jersey", 49, 140, FIT),
            Kind("Pannier", 55, 140, ("15 L", "25 L")),
        ),
        (
            Kind("Rear Light", 24, 70),
            Kind("Bottle Cage", 9, 45),
            Kind("Mini Pump", 19, 55),
            Kind("Chain Lube", 8, 16),
        ),
        ("Strength Training", "Trail Running"),
        (
            "rotational protection",
            "a dense chamois",
            "quick-release hooks",
            "USB-C charging",
        ),
    ),
    Category(
        "Bath",
        _HOME,
        (
            Kind("Bath Towel", 18, 59, ("Sand", "Sage", "White")),
            Kind("Bathrobe", 55, 160, FIT),
            Kind("Bath Mat", 19, 58, ("50 x 80 cm", "60 x 100 cm")),
            Kind("Shower Curtain", 24, 70),
        ),
        (Kind("Soap Dispenser", 14, 42), Kind("Bath Salt, 600 g", 12, 32), Kind("Loofah", 6, 14)),
        ("Bedding", "Skincare"),
        ("600 g/m² long-staple cotton", "waffle weave", "quick to dry", "with a hanging loop"),
    ),
    Category(
        "Gaming",
        _TECH,
        (
            Kind("Wireless Controller", 45, 160, ("White", "Black")),
            Kind("Gaming Headset", 59, 240, ("Wired", "Wireless")),
            Kind("Gaming Mouse", 39, 140, ("Light", "Ergonomic")),
            Kind("Racing Wheel", 180, 520),
        ),
        (
            Kind("Charging Dock", 22, 48),
            Kind("Thumb Grip, 4-Pack", 7, 14),
            Kind("Cable Bungee", 15, 32),
        ),
        ("Computer Accessories", "Headphones"),
        ("hall-effect sticks", "a 4,000 Hz polling rate", "a detachable microphone", "40 hours"),
    ),
    Category(
        "Tea",
        _KITCHEN,
        (
            Kind("Cast Iron Teapot", 39, 120, ("0.6 L", "1.2 L")),
            Kind("Variable Kettle", 49, 180, ("Steel", "Matte White")),
            Kind("Loose Leaf Tea", 9, 28, ("Assam", "Sencha", "Earl Grey")),
            Kind("Matcha Set", 39, 98),
        ),
        (Kind("Tea Infuser", 7, 19), Kind("Tea Tin", 9, 22), Kind("Bamboo Whisk", 12, 26)),
        ("Coffee", "Tableware"),
        ("first flush", "an enamel lining", "holds its heat for an hour", "to-the-degree control"),
    ),
    Category(
        "Desk & Chair",
        _GARDEN,
        (
            Kind("Standing Desk", 280, 790, ("120 cm", "160 cm")),
            Kind("Office Chair", 190, 720, ("Mesh", "Wool")),
            Kind("Desk Lamp", 39, 160, ("Black", "Brass")),
            Kind("Drawer Unit", 89, 240),
        ),
        (
            Kind("Cable Tray", 19, 42),
            Kind("Footrest", 29, 75),
            Kind("Monitor Arm", 59, 170),
        ),
        ("Computer Accessories", "Stationery"),
        ("two quiet motors", "adjustable lumbar support", "solid oak edges", "a ten-year warranty"),
    ),
    Category(
        "Denim",
        _WEAR,
        (
            Kind("Slim Jean", 59, 160, FIT),
            Kind("Straight Jean", 59, 170, FIT),
            Kind("Denim Jacket", 75, 190, FAMILY),
            Kind("Chambray Shirt", 49, 120, FIT),
        ),
        (Kind("Leather Belt", 29, 85), Kind("Denim Wash", 9, 18)),
        ("Sneakers", "Knitwear"),
        ("13 oz selvedge", "organic cotton", "a touch of stretch", "rinsed once"),
    ),
    Category(
        "Cats",
        _SMALL,
        (
            Kind("Scratching Post", 34, 130, ("80 cm", "140 cm")),
            Kind("Cat Bed", 24, 79, ("Open", "Cave")),
            Kind("Cat Food", 12, 48, ("Chicken", "Salmon")),
            Kind("Drinking Fountain", 29, 68),
        ),
        (
            Kind("Feather Wand", 6, 14),
            Kind("Replacement Filter, 4-Pack", 9, 17),
            Kind("Catnip Mouse", 5, 11),
        ),
        ("Dogs", "Rugs & Cushions"),
        ("sisal rope", "a felted wool shell", "68 % meat", "whisper quiet"),
    ),
    Category(
        "Baking",
        _KITCHEN,
        (
            Kind("Stand Mixer", 190, 560, ("Cream", "Slate")),
            Kind("Loaf Tin", 12, 38, ("450 g", "900 g")),
            Kind("Springform Tin", 14, 42, ("20 cm", "26 cm")),
            Kind("Proofing Basket", 16, 38, ("Round", "Oval")),
        ),
        (
            Kind("Digital Kitchen Scale", 19, 55),
            Kind("Baking Mat", 12, 28),
            Kind("Dough Scraper", 7, 16),
        ),
        ("Cookware", "Tableware"),
        ("planetary mixing", "a loose base", "a double non-stick coat", "accurate to 0.1 g"),
    ),
    Category(
        "Lighting",
        _HOME,
        (
            Kind("Pendant Lamp", 59, 280, ("Brass", "Linen")),
            Kind("Table Lamp", 35, 160, ("Ceramic", "Oak")),
            Kind("Floor Lamp", 89, 320, ("Black", "Brass")),
            Kind("Wall Light", 45, 150),
        ),
        (
            Kind("Filament Bulb, 2-Pack", 12, 26),
            Kind("Plug-In Dimmer", 17, 36),
            Kind("Fabric Cable, 3 m", 14, 29),
        ),
        ("Rugs & Cushions", "Smart Home"),
        ("a hand-blown shade", "dims to warm", "a weighted base", "FSC-certified oak"),
    ),
    Category(
        "Strength Training",
        _SPORT,
        (
            Kind("Kettlebell", 29, 120, ("8 kg", "16 kg", "24 kg")),
            Kind("Adjustable Dumbbell", 120, 420, ("20 kg", "32 kg")),
            Kind("Training Bench", 110, 360),
            Kind("Resistance Band Set", 19, 48, ("Light", "Heavy")),
        ),
        (
            Kind("Lifting Strap", 12, 28),
            Kind("Chalk Block", 6, 12),
            Kind("Foam Roller", 19, 49),
        ),
        ("Yoga", "Cycling"),
        ("a single-cast handle", "changes weight in a second", "powder coated", "layered latex"),
    ),
    Category(
        "Stationery",
        _GARDEN,
        (
            Kind("Dotted Notebook", 12, 34, ("A5", "A4")),
            Kind("Fountain Pen", 24, 180, ("Fine", "Medium")),
            Kind("Weekly Planner", 15, 38, ("Undated", "Academic")),
            Kind("Sketchbook", 11, 32, ("A5", "A3")),
        ),
        (
            Kind("Bottled Ink, 50 ml", 11, 24),
            Kind("Washi Tape, Set of 5", 7, 14),
            Kind("Pen Case", 16, 48),
        ),
        ("Desk & Chair", "School"),
        ("100 g/m² paper that takes ink", "lies flat", "a steel nib", "numbered pages"),
    ),
    Category(
        "Sneakers",
        _WEAR,
        (
            Kind("Court Sneaker", 69, 160, FAMILY),
            Kind("Retro Runner", 79, 170, FIT),
            Kind("High-Top", 75, 165, FIT),
            Kind("Slip-On", 55, 120, FIT),
        ),
        (
            Kind("Shoe Care Kit", 17, 38),
            Kind("Cotton Ankle Sock, 5-Pack", 15, 29),
            Kind("Cork Insole", 12, 26),
        ),
        ("Denim", "Trail Running"),
        ("full-grain leather", "a cupsole stitched all round", "recycled mesh", "terry lining"),
    ),
    Category(
        "Haircare",
        _BEAUTY,
        (
            Kind("Repair Shampoo", 9, 36, ("250 ml", "500 ml")),
            Kind("Conditioner", 9, 38, ("250 ml", "500 ml")),
            Kind("Hair Dryer", 39, 290, ("Travel", "Salon")),
            Kind("Styling Cream", 12, 34),
        ),
        (
            Kind("Detangling Brush", 11, 32),
            Kind("Silk Scrunchie, 3-Pack", 14, 34),
            Kind("Argan Oil", 13, 39),
        ),
        ("Skincare", "Fragrance"),
        ("without silicones", "ionic care", "with rice protein", "for coloured hair"),
    ),
    Category(
        "Garden Tools",
        _GARDEN,
        (
            Kind("Pruning Shears", 19, 72, ("Bypass", "Anvil")),
            Kind("Border Spade", 29, 85, ("Short", "Long")),
            Kind("Cordless Hedge Trimmer", 89, 260, ("45 cm", "60 cm")),
            Kind("Garden Hose", 29, 95, ("15 m", "30 m")),
        ),
        (
            Kind("Gardening Glove", 9, 24, FIT),
            Kind("Kneeling Pad", 12, 26),
            Kind("Garden Twine", 5, 11),
        ),
        ("Planting", "Barbecue"),
        ("an ash handle", "forged from one piece", "a brushless motor", "kink resistant"),
    ),
    Category(
        "Smart Home",
        _TECH,
        (
            Kind("Smart Bulb", 15, 55, ("White", "Colour")),
            Kind("Smart Thermostat", 99, 250, ("White", "Steel")),
            Kind("Video Doorbell", 79, 230, ("Wired", "Battery")),
            Kind("Indoor Camera", 35, 140),
        ),
        (
            Kind("Smart Plug, 2-Pack", 22, 48),
            Kind("Motion Sensor", 19, 45),
            Kind("Wall Bracket", 9, 20),
        ),
        ("Lighting", "Speakers"),
        ("works over Matter", "no subscription", "local storage", "set up in two minutes"),
    ),
    Category(
        "Baby",
        _SMALL,
        (
            Kind("Merino Bodysuit", 19, 48, ("0-3 Months", "6-9 Months", "12 Months")),
            Kind("Baby Carrier", 79, 210, ("Linen", "Mesh")),
            Kind("Swaddle Blanket", 14, 38, ("Cloud", "Leaf")),
            Kind("Play Gym", 49, 130),
        ),
        (Kind("Teething Ring", 8, 18), Kind("Muslin Cloth, 3-Pack", 14, 28), Kind("Bib", 7, 16)),
        ("Building Toys", "Bath"),
        ("GOTS organic", "grows with the child", "hip-healthy position", "food-grade silicone"),
    ),
    Category(
        "Luggage",
        _HOME,
        (
            Kind("Cabin Suitcase", 99, 340, ("Navy", "Sand")),
            Kind("Check-In Suitcase", 139, 460, ("Navy", "Sand")),
            Kind("Weekend Bag", 79, 260, ("Canvas", "Leather")),
            Kind("Commuter Backpack", 69, 190, ("16 L", "24 L")),
        ),
        (
            Kind("Packing Cube, Set of 4", 24, 58),
            Kind("Travel Pillow", 24, 60),
            Kind("Luggage Tag", 9, 28),
        ),
        ("Phone Accessories", "Coats & Jackets"),
        ("a polycarbonate shell", "silent wheels", "a padded laptop sleeve", "lifetime repairs"),
    ),
    Category(
        "Tableware",
        _KITCHEN,
        (
            Kind("Stoneware Dinner Plate", 12, 39, ("Chalk", "Moss")),
            Kind("Breakfast Bowl", 9, 29, ("Chalk", "Moss")),
            Kind("Wine Glass, Set of 4", 24, 89, ("Red", "White")),
            Kind("Cutlery Set, 24 Pieces", 49, 220),
        ),
        (
            Kind("Linen Napkin, Set of 4", 19, 48),
            Kind("Serving Spoon", 9, 26),
            Kind("Cork Coaster, Set of 6", 8, 18),
        ),
        ("Cookware", "Coffee"),
        ("reactive glaze", "dishwasher safe", "a hand-finished rim", "stackable"),
    ),
    Category(
        "Phone Accessories",
        _TECH,
        (
            Kind("Phone Case", 15, 58, ("Clear", "Leather")),
            Kind("Power Bank", 25, 89, ("10,000 mAh", "20,000 mAh")),
            Kind("Wireless Charger", 22, 95, ("Stand", "Pad")),
            Kind("Phone Tripod", 24, 79),
        ),
        (
            Kind("Screen Protector, 2-Pack", 9, 22),
            Kind("USB-C Cable, 2 m", 9, 26),
            Kind("Car Mount", 16, 42),
        ),
        ("Headphones", "Computer Accessories"),
        ("drop tested to 3 m", "65 W fast charging", "strong magnets", "plant-based shell"),
    ),
    Category(
        "Climbing",
        _SPORT,
        (
            Kind("Climbing Shoe", 85, 190, FIT),
            Kind("Climbing Harness", 55, 140, FIT),
            Kind("Dynamic Rope", 120, 260, ("40 m", "60 m")),
            Kind("Climbing Helmet", 55, 120),
        ),
        (
            Kind("Chalk Bag", 15, 38),
            Kind("Quickdraw, 5-Pack", 70, 130),
            Kind("Belay Device", 24, 110),
        ),
        ("Camping", "Strength Training"),
        ("a downturned toe", "dry-treated sheath", "four gear loops", "expanded-foam core"),
    ),
    Category(
        "Rugs & Cushions",
        _HOME,
        (
            Kind("Wool Rug", 120, 520, ("120 x 180 cm", "160 x 230 cm")),
            Kind("Jute Rug", 59, 240, ("120 x 180 cm", "160 x 230 cm")),
            Kind("Velvet Cushion", 24, 79, ("Rust", "Forest")),
            Kind("Floor Cushion", 45, 120),
        ),
        (Kind("Rug Underlay", 19, 55), Kind("Cushion Inner", 9, 24)),
        ("Lighting", "Bedding"),
        ("hand-woven", "undyed wool", "a plush pile", "reversible"),
    ),
    Category(
        "Fragrance",
        _BEAUTY,
        (
            Kind("Eau de Parfum", 49, 190, ("50 ml", "100 ml")),
            Kind("Eau de Toilette", 35, 120, ("50 ml", "100 ml")),
            Kind("Scented Candle", 24, 79, ("Fig", "Cedar", "Sea Salt")),
            Kind("Reed Diffuser", 29, 85),
        ),
        (
            Kind("Travel Atomiser", 12, 29),
            Kind("Wick Trimmer", 11, 24),
            Kind("Discovery Set", 19, 48),
        ),
        ("Haircare", "Bath"),
        (
            "notes of bergamot and vetiver",
            "burns for 50 hours",
            "hand poured",
            "refillable",
        ),
    ),
    Category(
        "School",
        _SMALL,
        (
            Kind("School Backpack", 39, 110, ("Fox", "Rocket", "Ocean")),
            Kind("Lunch Box", 14, 38, ("Fox", "Rocket")),
            Kind("Colouring Pencil Set", 9, 42, ("24", "48")),
            Kind("Kids' Microscope", 39, 98),
        ),
        (
            Kind("Water Bottle, 400 ml", 12, 26),
            Kind("Name Sticker, 60-Pack", 7, 14),
            Kind("Pencil Case", 9, 24),
        ),
        ("Stationery", "Building Toys"),
        ("a chest strap", "leak-proof", "break-resistant leads", "made of recycled bottles"),
    ),
    Category(
        "Barbecue",
        _GARDEN,
        (
            Kind("Charcoal Kettle Grill", 99, 340, ("47 cm", "57 cm")),
            Kind("Gas Barbecue", 240, 890, ("2-Burner", "4-Burner")),
            Kind("Pizza Oven", 220, 640, ("Gas", "Wood")),
            Kind("Fire Pit", 79, 290),
        ),
        (
            Kind("Grill Tongs", 14, 34),
            Kind("Meat Thermometer", 19, 89),
            Kind("Grill Cover", 24, 60),
            Kind("Lump Charcoal, 5 kg", 10, 18),
        ),
        ("Garden Tools", "Kitchen Knives"),
        ("an enamelled lid", "heats to 500 °C", "a cast-iron grate", "folding legs"),
    ),
)
