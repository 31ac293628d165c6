"""What sample orders are made of. All of it is made up: no order, price or note in here is a real one."""

GREYSON_SPELLINGS = ("GREYSON", "GREYSON CLOTHIERS")

CUSTOMERS: tuple[tuple[str, ...], ...] = (
    ("RHYTHM (AU)", "RHYTHM (US)"),
    ("TITLE 9",),
    ("PELICAN POINT",),
    ("FELL & FEATHER",),
    ("johnny oak",),
    ("HARBOUR STREET DRY GOODS",),
    ("O'DONNELL BROS.",),
    ("ÅSA NORTH",),
    ("CORAL & SALT (EU)", "CORAL & SALT (UK)"),
    ("MERIDIAN GOLF CO",),
    ("TWENTY/TWO",),
)
FIRST_WORDS = ("AMBER", "BIRCH", "CEDAR", "DUNE", "EMBER", "FJORD", "GORSE", "HAZEL", "INDIGO", "JUNIPER")
SECOND_WORDS = (
    "ATHLETIC",
    "APPAREL",
    "CLUB",
    "COLLECTIVE",
    "DENIM",
    "OUTFITTERS",
    "SUPPLY",
    "SWIM",
    "THREADS",
    "WORKS",
)

ALPHA_SIZES = ("XXS", "XS", "S", "M", "L", "XL", "XXL", "XXXL")
SIZE_RUNS: tuple[tuple[str, ...], ...] = (
    ALPHA_SIZES,
    ("0", "2", "4", "6", "8", "10", "12", "14", "16"),
    ("28", "29", "30", "31", "32", "33", "34", "36", "38"),
    ("30/30", "30/32", "32/30", "32/32", "34/30", "34/32", "36/30", "36/32"),
    ("0-3M", "3-6M", "6-9M", "9-12M", "12-18M", "18-24M"),
    ("32C", "32D", "32DD", "34C", "34D", "34DD", "36C", "36D", "36DD"),
    ("1X", "2X", "3X", "4X"),
    ("S(6-8)", "M(8-10)", "M(10-12)", "L(10-12)", "L(14-16)"),
    ("ONE SIZE",),
)

COLOURS = (
    "WHITE",
    "BLACK",
    "ARCTIC",
    "SHEPHERD",
    "MALTESE BLUE",
    "DARK NAVY HEATHER",
    "SMOKE/WHITE STRIPE",
    "OLIVE 19-0515",
    "CAFÉ CRÈME",
    "DUSTY ROSE",
)
STYLE_STEMS = ("JWHD", "MTP", "LS", "WSH", "TRK", "POL", "HDY", "SKT")
GARMENTS = (
    "Hooded jacket",
    "Tech polo",
    "Long sleeve tee",
    "Woven short",
    "Track pant",
    "Skort",
    "Quarter zip",
)
FABRICS = ("pima cotton", "recycled nylon", "brushed fleece", "performance jersey", "organic slub")
CATEGORIES = ("MENS", "WOMENS", "KIDS", "ACCESSORIES", "SWIM")
AAG_SEASONS = ("2025 SPRING", "2025 FALL", "2026 SPRING", "2026 FALL")
CUSTOMER_SEASONS = ("SS26", "FW25", "HOLIDAY 25", "Summer 2026", "PRE-FALL")
UNITS = ("PIECE", "PIECE", "PIECE", "SET", "PAIR")
DESTINATIONS = ("US", "AU", "UK", "CAN", "EU", "Zürich")
WAREHOUSES = ("LOS ANGELES DC", "SYDNEY 3PL", "TORONTO", "FELIXSTOWE", "MEMPHIS")
DELIVERY_TERMS = ("FOB", "DDP", "EXW", "FCA")
DELIVERY_METHODS = ("SEA", "AIR", "SEA/AIR", "COURIER")
HS_CODES = ("6110.20.2079", "6105.10.0010", "6203.42.4011", "6211.43.1091", "6112.41.0010")
PLANNERS = ("ANA", "BO", "CHIDI")
MONTHS = ("JUL", "AUG", "SEP", "OCT", "JAN", "FEB")

LONG_NOTE = "Fold, steam, poly bag one by one; carton label on the short side. "

# What people really type into cells; each is laid over one row in turn.
ODDITIES: tuple[dict[str, object], ...] = (
    {"STYLE DESCRIPTION": "Crew tee \N{T-SHIRT}\N{FAMILY}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}"},
    {"CUSTOMER COLOUR DESCRIPTION": "深蓝色 / ネイビー"},
    {"CUSTOMER COLOUR DESCRIPTION": "أزرق داكن"},
    {"NOTES": "Ship \"complete\", it's 100% O'Neill; -- no substitutes \\ back\\slash"},
    {"NOTES": "First line\nSecond line\r\n\tThird line, after a tab"},
    {"NOTES": (LONG_NOTE * 40)[:1_990]},
    {"NOTES": (LONG_NOTE * 40)[:2_400]},
    {"CUSTOMER SEASON": "   "},
    {"CUSTOMER SEASON": ""},
    {"CUSTOMER STYLE": "  RX-100\x0b ", "STYLE DESCRIPTION": "Padded\x01 vest \x07"},
    {"CUSTOMER PRICE": "n/a", "SMS PRICE USD": "TBC"},
    {"CUSTOMER PRICE": "", "US DUTY RATE": "0", "US TARIFF RATE": "TRUE"},
    {"CUSTOMER PRICE": "1,250.00", "FINAL FOB (USD)": "$28.86"},
    {"ORDER TYPE": "CANCELLED"},
    {"ORDER TYPE": "REPEAT", "UNIT OF MEASURE": "Pack of 3 pieces, one in each of the colours"},
    {"CUSTOMER ALT PO": "PO#77-1/B", "PO NUMBER": "00012345", "DROP": "DROP 2 (late)"},
    {"RANGE / COLLECTION": "CÔTE D'AZUR \N{EM DASH} RÉSORT", "NOTES FOR PRICE": "<b>final</b> & agreed"},
    {"AAG ORDER NUMBER": "JOO-0\N{ZERO WIDTH SPACE}0777", "DESTINATION": "עברית \N{RIGHT-TO-LEFT MARK} US"},
)
