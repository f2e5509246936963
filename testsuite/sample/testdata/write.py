"""Writes a sample export again with pyarrow, the way PostHog's exporter does.

    python write.py SAMPLE.parquet.sz FIXTURE.parquet.sz [codec]

Rows, row groups and the order of the columns are taken from the sample; all that
is about Parquet is pyarrow's own.
"""

import sys

import pyarrow as pa
import pyarrow.parquet as pq


class JsonType(pa.ExtensionType):
    """PostHog's type for columns of JSON: a string with a name."""

    def __init__(self):
        super().__init__(pa.string(), "json")

    def __arrow_ext_serialize__(self):
        return b""

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        return JsonType()


def as_json(array, name):
    return array.cast(JsonType()) if name.endswith("properties") else array


def main(sample, fixture, codec="snappy"):
    source = pq.ParquetFile(sample)
    plain = source.schema_arrow
    schema = pa.schema(
        pa.field(f.name, JsonType() if f.name.endswith("properties") else f.type, nullable=True)
        for f in plain
    )
    writer = pq.ParquetWriter(fixture, schema=schema, compression=codec, compression_level=None)
    for group in range(source.num_row_groups):
        table = source.read_row_group(group).combine_chunks()
        arrays = [as_json(table.column(name).chunk(0), name) for name in schema.names]
        writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
    writer.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
