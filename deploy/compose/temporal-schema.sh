#!/bin/sh
# Creates Temporal's two databases and brings their schemas up to the server's
# version. Doing it again changes nothing.
set -eu

bring() {
  database=$1
  schema=$2
  tool="temporal-sql-tool --plugin postgres12 --ep $POSTGRES_SEEDS -u $POSTGRES_USER -p $DB_PORT --db $database"
  $tool create
  $tool setup-schema -v 0.0
  $tool update-schema -d "/etc/temporal/schema/postgresql/v12/$schema/versioned"
}

bring temporal temporal
bring temporal_visibility visibility
