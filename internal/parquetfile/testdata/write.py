"""Writes the fixtures in this folder, in the way PostHog's batch exports write Parquet.

All content is made up. The seed is fixed, so a second run writes the same rows.
"""

import datetime
import json
import pathlib
import random
import uuid

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = pathlib.Path(__file__).parent


class JsonType(pa.ExtensionType):
    """The extension type under which the exporter hands JSON text to the writer."""

    def __init__(self):
        super().__init__(pa.string(), "json")

    def __arrow_ext_serialize__(self):
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        return cls()


pa.register_extension_type(JsonType())

INSTANT = pa.timestamp("us", tz="UTC")
# The exporter builds its column list from sets: the order is arbitrary, with the JSON columns last.
SCHEMA = pa.schema(
    [
        ("uuid", pa.string()),
        ("created_at", INSTANT),
        ("distinct_id", pa.string()),
        ("elements_chain", pa.string()),
        ("event", pa.string()),
        ("person_id", pa.string()),
        ("_inserted_at", INSTANT),
        ("timestamp", INSTANT),
        ("person_properties", JsonType()),
        ("properties", JsonType()),
    ]
)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def row(rng, i):
    hour = 1_780_000_000_000_000
    properties = {
        "$lib": rng.choice(["posthog-ios", "posthog-android", "web"]),
        "$session_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "$active_feature_flags": rng.sample(["beta", "checkout", "paywall"], rng.randint(0, 3)),
        "$feature/checkout": rng.choice([True, False, "control"]),
        "amount": rng.random(),
        "city": "Z\u00fcrich \u2615 \U0001f6b2",
    }
    text = json.dumps(properties, ensure_ascii=i % 2 == 0)
    if i % 17 == 5:
        text = '{"title":"half a pair: \\ud83d","wide":123456789012345678901234567890}'
    if i % 71 == 9:
        text = json.dumps({"frames": ["at call(site.js:%d)" % n for n in range(300)]})
    return {
        "uuid": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "created_at": hour + i * 10_000_000 + 250_000,
        "distinct_id": "" if i % 29 == 3 else "visitor-%d" % rng.randint(1, 40),
        "elements_chain": "",
        "event": rng.choice(["$pageview", "$screen", "$autocapture", "order completed"]),
        "person_id": None if i % 13 == 4 else str(uuid.UUID(int=rng.randint(1, 40) << 64)),
        "_inserted_at": None if i % 31 == 7 else hour + i * 10_000_000 + 900_000,
        # Events arrive late, and now and then with a clock that is far off.
        "timestamp": -1 if i == 11 else hour + i * 10_000_000 - rng.randint(0, 10**13),
        "person_properties": json.dumps({"plan": rng.choice(["free", "paid"])}),
        "properties": None if i % 19 == 2 else text,
    }


def batch(rows):
    columns = []
    for field in SCHEMA:
        values = [r[field.name] for r in rows]
        if field.type == INSTANT:
            values = [None if v is None else EPOCH + datetime.timedelta(microseconds=v) for v in values]
        columns.append(pa.array(values, type=field.type))
    return pa.RecordBatch.from_arrays(columns, names=SCHEMA.names)


def write(name, batches, **options):
    """One row group a batch. Options that the exporter does not set stay at pyarrow's defaults."""
    with pq.ParquetWriter(FOLDER / name, schema=batches[0].schema, **options) as writer:
        for b in batches:
            if b.num_rows:
                writer.write_batch(b)


def expect(name, rows):
    columns = ["uuid", "event", "properties", "distinct_id", "person_id", "timestamp", "_inserted_at"]
    lines = ",\n".join(json.dumps([r[c] for c in columns]) for r in rows)
    (FOLDER / name).write_text("[\n" + lines + "\n]\n")


def main():
    rng = random.Random(20260612)
    rows = [row(rng, i) for i in range(180)]
    hour = [batch(rows[:100]), batch(rows[100:160]), batch(rows[160:])]
    write("hour.parquet", hour, compression="snappy", compression_level=None)
    write("empty.parquet", [batch([])], compression="snappy", compression_level=None)
    expect("hour.json", rows)

    few = rows[:30]
    for codec in ["zstd", "gzip", "brotli", "none", "lz4"]:
        write(f"few-{codec}.parquet", [batch(few)], compression=codec)
    write("few-v2-checksums.parquet", [batch(few[:12]), batch(few[12:])], compression="zstd",
          data_page_version="2.0", write_page_checksum=True, use_dictionary=False, data_page_size=1024)
    expect("few.json", few)


if __name__ == "__main__":
    main()
