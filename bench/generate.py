#!/usr/bin/env python3
"""Makes synthetic datasets in DONL 1.1 form, as JSON Lines, the way CKAN would send them.

The same count and seed always give the same bytes. A dataset has about 8 KB, 70 keys and five
resources; organizations, themes and languages are real URIs, everything else is made up.
"""

import argparse
import datetime
import gzip
import json
import random
import uuid

OWMS = "http://standaarden.overheid.nl/owms/terms/"
AUTHORITY = "http://publications.europa.eu/resource/authority/"
ORGANIZATIONS = [
    OWMS + name
    for name in (
        "Rijkswaterstaat", "Centraal_Bureau_voor_de_Statistiek", "Amsterdam", "'s-Gravenhage",
        "Utrecht_(gemeente)", "Utrecht_(provincie)", "Nuenen,_Gerwen_en_Nederwetten",
        "Dienst_Uitvoering_Onderwijs", "Nijmegen_(gemeente)", "Kadaster",
    )
]
THEMES = [
    OWMS + name
    for name in (
        "Natuur_en_milieu", "Transport_(thema)", "Water_(verkeer-thema)", "Bodem",
        "Organisatie_en_beleid", "Cultuur_en_recreatie", "Onderwijs_en_wetenschap",
    )
]
LANGUAGES = [AUTHORITY + "language/" + code for code in ("NLD", "NLD", "NLD", "ENG", "FRY")]
LICENSES = [
    ("http://creativecommons.org/publicdomain/zero/1.0/deed.nl", "CC-0 (1.0)"),
    ("http://creativecommons.org/licenses/by/4.0/deed.nl", "CC-BY (4.0)"),
    ("http://creativecommons.org/publicdomain/mark/1.0/deed.nl", "Publiek Domein"),
]
FORMATS = [AUTHORITY + "file-type/" + code for code in ("CSV", "JSON", "XML", "WMS_SRVC", "PDF")]
MEDIA = "https://www.iana.org/assignments/media-types/"
MEDIA_TYPES = [MEDIA + name for name in ("text/csv", "application/json", "application/xml")]
SCHEME = "http://standaarden.overheid.nl/owms/4.0/doc/waardelijsten/overheid.gemeente"
WORDS = (
    "de het een van voor met op langs binnen jaar wijk buurt gemeente provincie weg water bodem"
    " lucht geluid verkeer woning inwoner bedrijf vergunning meting kaart punt vlak lijn grens"
    " beheer onderhoud kwaliteit hoeveelheid gemiddelde co\u00f6rdinaat re\u00ebel \u00e9\u00e9n"
    " dataset register telling overzicht periode kwartaal maand bron peiling \u2018schatting\u2019"
).split()
BEGINNING = datetime.datetime(2020, 1, 1)


class Generator:
    """Of a share of the datasets, changed, the notes and the stamp differ; of another, touched, the stamp
    alone. All else is as it is without."""

    def __init__(self, seed, count=0, changed=0.0, touched=0.0):
        self.random = random.Random(seed)
        self.count = count
        self.changed = changed
        self.touched = touched

    def uuid(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def text(self, words):
        return " ".join(self.random.choices(WORDS, k=words))

    def uris(self, path, least, most):
        count = self.random.randint(least, most)
        return [f"https://example.org/{path}/{self.random.getrandbits(40):x}" for _ in range(count)]

    def day(self):
        return (BEGINNING - datetime.timedelta(days=self.random.randrange(4000))).isoformat()

    def stamp(self, index):
        # Distinct, never on a whole second (CKAN then sends no fraction), and past even after a second
        # edition of a million: a stamp from the future keeps a run from being quiet.
        moment = BEGINNING + datetime.timedelta(seconds=index * 97, microseconds=1 + index % 999_999)
        return moment.isoformat()

    def flag(self):
        return self.random.choice(["true", "false", "True", "False"])

    def resource(self, position, package, license_id, stamp):
        name = self.text(4)
        return {
            "mimetype": self.random.choice(MEDIA_TYPES),
            "metadata_language": self.random.choice(LANGUAGES),
            "id": self.uuid(),
            "size": self.random.randrange(1, 500_000),
            "license_id": license_id,
            "state": "active",
            "description": self.text(3),
            "format": self.random.choice(FORMATS),
            "hash": "",
            "language": [self.random.choice(LANGUAGES)],
            "last_modified": None,
            "name": name,
            "package_id": package,
            "created": stamp,
            "url": self.uris("data", 1, 1)[0],
            "position": position,
            "revision_id": self.uuid(),
        }

    def tag(self):
        name = self.random.choice(WORDS) + "-" + str(self.random.randrange(400))
        return {
            "vocabulary_id": None,
            "state": "active",
            "display_name": name,
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
            "name": name,
        }

    def edition(self, index):
        dataset = self.dataset(index)
        is_changed = falls_on(index, self.changed)
        if is_changed:
            dataset["notes"] += " (herzien)"
        if is_changed or falls_on(index, self.touched):
            dataset["metadata_modified"] = self.stamp(self.count + index)
        return dataset

    def dataset(self, index):
        identity = self.uuid()
        stamp = self.stamp(index)
        license_id, license_title = self.random.choice(LICENSES)
        owner = self.random.randrange(len(ORGANIZATIONS))
        organization = str(uuid.uuid5(uuid.NAMESPACE_URL, f"organization {owner}"))
        title = self.text(7)
        tags = list({tag["name"]: tag for tag in (self.tag() for _ in range(5))}.values())
        return {
            "license_title": license_title,
            "maintainer": None,
            "relationships_as_object": [],
            "private": False,
            "maintainer_email": None,
            "num_tags": len(tags),
            "id": identity,
            "metadata_created": stamp,
            "metadata_modified": stamp,
            "author": None,
            "author_email": None,
            "state": "active",
            "version": "1." + str(index % 10),
            "creator_user_id": organization,
            "type": "dataset",
            "resources": [self.resource(at, identity, license_id, stamp) for at in range(5)],
            "num_resources": 5,
            "tags": tags,
            "groups": [],
            "license_id": license_id,
            "relationships_as_subject": [],
            "organization": {
                "description": self.text(4),
                "created": "2019-10-01T12:00:00.000001",
                "title": f"Catalogus {owner}",
                "name": f"catalogus-{owner}",
                "is_organization": True,
                "state": "active",
                "image_url": "",
                "revision_id": organization,
                "type": "organization",
                "id": organization,
                "approval_status": "approved",
            },
            "name": f"{index:06d}-{title.encode('ascii', 'ignore').decode()[:60].replace(' ', '-')}",
            "isopen": False,
            "url": self.uris("landing", 1, 1)[0],
            "notes": self.text(20),
            "owner_org": organization,
            "license_url": license_id,
            "title": title,
            "revision_id": self.uuid(),
            "identifier": f"https://example.org/dataset/{index}",
            "alternate_identifier": self.uris("alternate", 0, 1),
            "theme": self.random.sample(THEMES, self.random.randint(1, 3)),
            "source_catalog": "https://data.overheid.nl",
            "authority": ORGANIZATIONS[owner],
            "publisher": self.random.choice(ORGANIZATIONS),
            "contact_point_name": self.text(2),
            "contact_point_title": self.text(2),
            "contact_point_address": self.text(4),
            "contact_point_email": f"contact{owner}@example.org",
            "contact_point_website": f"https://example.org/contact/{owner}",
            "contact_point_phone": f"0{self.random.randrange(10**8, 10**9)}",
            "metadata_language": self.random.choice(LANGUAGES),
            "language": [self.random.choice(LANGUAGES)],
            "access_rights": AUTHORITY + "access-right/PUBLIC",
            "restrictions_statement": self.text(4),
            "temporal_label": self.text(2),
            "temporal_start": self.day(),
            "temporal_end": self.day(),
            "spatial_scheme": [SCHEME],
            "spatial_value": [self.random.choice(ORGANIZATIONS[2:5])],
            "legal_foundation_label": self.text(4),
            "legal_foundation_ref": f"jci1.3:c:BWBR{index:07d}",
            "legal_foundation_uri": f"https://wetten.overheid.nl/BWBR{index:07d}",
            "dataset_status": "http://data.overheid.nl/status/beschikbaar",
            "issued": self.day(),
            "modified": self.day(),
            "frequency": AUTHORITY + "frequency/ANNUAL",
            "documentation": self.uris("documentation", 0, 1),
            "sample": self.uris("sample", 0, 1),
            "version_notes": [self.text(5)],
            "related_resource": self.uris("related", 0, 1),
            "conforms_to": self.uris("standard", 0, 1),
            "high_value": self.flag(),
            "referentie_data": self.flag(),
            "basis_register": self.flag(),
            "national_coverage": self.flag(),
            "changetype": ":updated",
            "dataset_quality": str(self.random.randint(1, 3)),
            "donlsync_checksum": f"{self.random.getrandbits(128):032x}",
        }


def falls_on(index, share):
    """True of as many of the first indexes as their share is, evenly."""
    return int((index + 1) * share) > int(index * share)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--changed", type=float, default=0, help="the share with another text and stamp")
    parser.add_argument("--touched", type=float, default=0, help="the share with another stamp alone")
    parser.add_argument("output", help="a file; gzip when its name ends in .gz")
    options = parser.parse_args()

    generator = Generator(options.seed, options.count, options.changed, options.touched)
    # No name and no time in the gzip header, so that the same catalogue is the same bytes.
    raw = open(options.output, "wb")
    with raw:
        zipped = options.output.endswith(".gz")
        out = gzip.GzipFile("", "wb", 6, raw, mtime=0) if zipped else raw
        for index in range(options.count):
            out.write(json.dumps(generator.edition(index)).encode("ascii") + b"\n")
        if zipped:
            out.close()


if __name__ == "__main__":
    main()
