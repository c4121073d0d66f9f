#!/bin/bash
# What capture costs a writer, side by side on one server: no trigger, a hand-written trigger that inserts one bare JSON
# row into a two-column table with one index and never notifies, and outbox.capture. The three take turns within each
# round, so that whatever else the machine does hits all of them.
#
#   src/test/scripts/capture-cost.sh [rounds] [seconds] [clients]
#
# Needs psql and pgbench, and a database that may be written to, named by PGHOST, PGPORT, PGUSER, PGDATABASE, with the
# migrations applied. Makes and drops a schema capture_cost, a destination of that name and its messages.
set -euo pipefail

rounds=${1:-5} seconds=${2:-10} clients=${3:-32}
work=$(mktemp -d)
sql() { psql -X -q -v ON_ERROR_STOP=1 "$@"; }
cleanup() {
  sql <<'SQL' > /dev/null
set client_min_messages = error;
drop schema if exists capture_cost cascade;
delete from outbox.message where destination = 'capture_cost';
delete from outbox.destination where name = 'capture_cost';
SQL
}
trap 'cleanup; rm -r "$work"' EXIT
cleanup

# Two tables for each: a bare one with a primary key, and one as applications have them, with a foreign key and two more indexes.
sql > /dev/null <<'SQL'
create schema capture_cost;
insert into outbox.destination (name, uri, paused) values ('capture_cost', 'tcp://localhost:9', true);
create table capture_cost.customer (id integer primary key);
insert into capture_cost.customer select generate_series(1, 1000);
create table capture_cost.hand_outbox (id bigserial primary key, payload json);
create function capture_cost.hand() returns trigger language plpgsql as
  $$ begin insert into capture_cost.hand_outbox (payload) values (row_to_json(new)); return null; end $$;
do $$
declare v text;
begin
  foreach v in array array['none', 'hand', 'capture'] loop
    execute format('create table capture_cost.bare_%s (id bigserial primary key, customer integer, status text, amount numeric(12,2),
      note text, at timestamptz default now())', v);
    execute format('create table capture_cost.orders_%s (id bigserial primary key, customer integer not null references capture_cost.customer,
      status text, amount numeric(12,2), note text, at timestamptz default now())', v);
    execute format('create index on capture_cost.orders_%1$s (customer); create index on capture_cost.orders_%1$s (at, status)', v);
  end loop;
end $$;
create trigger hand after insert on capture_cost.bare_hand for each row execute function capture_cost.hand();
create trigger hand after insert on capture_cost.orders_hand for each row execute function capture_cost.hand();
select outbox.capture('capture_cost.bare_capture', 'capture_cost'), outbox.capture('capture_cost.orders_capture', 'capture_cost');
SQL

empty() { sql -c "truncate capture_cost.$1, capture_cost.hand_outbox" -c "delete from outbox.message where destination = 'capture_cost'" -c "vacuum outbox.message"; }
columns="(customer, status, amount, note)"

for round in $(seq "$rounds"); do
  for variant in none hand capture; do
    echo "insert into capture_cost.bare_$variant $columns values (17, 'new', 123.45, 'a note of some length, as people write them');" > "$work/one.sql"
    empty "bare_$variant"
    tps=$(pgbench -n -M prepared -c "$clients" -j 2 -T "$seconds" -f "$work/one.sql" 2> /dev/null | awk '/^tps/ { print $3 }')
    echo "commits $variant $tps"
    for table in bare orders; do
      for turn in 1 2 3; do
        empty "${table}_$variant"
        sql -t -c '\timing on' -c "insert into capture_cost.${table}_$variant $columns select i % 1000 + 1, 'new', i * 1.01, 'a note of some length, as people write them' from generate_series(1, 10000) i" \
          | awk -v name="bulk-$table" -v variant="$variant" '/^Time/ { print name, variant, $2 }'
      done
    done
  done
done | tee "$work/results" | sed 's/^/  /' >&2

awk '{ n[$1 " " $2]++; v[$1 " " $2, n[$1 " " $2]] = $3 }
  function median(key, i, j, t, a, c) {
    c = n[key]; for (i = 1; i <= c; i++) a[i] = v[key, i]
    for (i = 1; i <= c; i++) for (j = i + 1; j <= c; j++) if (a[j] < a[i]) { t = a[i]; a[i] = a[j]; a[j] = t }
    low = a[1]; high = a[c]; return a[int((c + 1) / 2)]
  }
  END {
    split("commits bulk-bare bulk-orders", what, " "); split("none hand capture", variants, " ")
    for (w = 1; w <= 3; w++) for (x = 1; x <= 3; x++) {
      m[what[w], variants[x]] = median(what[w] " " variants[x])
      printf "%-12s %-8s median %9.1f (%.1f to %.1f)\n", what[w], variants[x], m[what[w], variants[x]], low, high
    }
    printf "commits/s, capture to hand-written: %.2f\n", m["commits", "capture"] / m["commits", "hand"]
    printf "10,000 rows, capture to no trigger: bare table %.2f, with foreign key and indexes %.2f (hand-written: %.2f, %.2f)\n",
      m["bulk-bare", "capture"] / m["bulk-bare", "none"], m["bulk-orders", "capture"] / m["bulk-orders", "none"],
      m["bulk-bare", "hand"] / m["bulk-bare", "none"], m["bulk-orders", "hand"] / m["bulk-orders", "none"]
  }' "$work/results"
