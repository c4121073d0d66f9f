#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the account of the disk costs a writer, side by side on one server: a captured table whose destination nobody
# measures; the same while another session measures all the time; and the same while another destination is not captured,
# which puts a trigger on the queue. They take turns within each round, so that whatever else the machine does hits all.
#
#   src/test/scripts/disk-cost.sh [rounds] [transactions] [backlog]
#
# CPU of the one backend, microseconds a single-row INSERT, of each round; the least is the steadiest: a busy machine only
# adds. And CPU of one outbox.measure(), milliseconds, with so many messages owed.
#
# Needs psql, and a database that may be written to by a superuser on this machine (the CPU time is read from /proc by the
# server), named by PGHOST, PGPORT, PGUSER, PGDATABASE, with the migrations applied. Makes and drops a schema disk_cost,
# two destinations and their messages.
set -euo pipefail

rounds=${1:-7} transactions=${2:-2000} backlog=${3:-200000}
sql() { psql -X -q -v ON_ERROR_STOP=1 "$@"; }
cleanup() {
  sql <<'SQL' > /dev/null
set client_min_messages = error;
drop schema if exists disk_cost cascade;
select outbox.start_capturing(name) from outbox.destination where name = 'disk_cost_other';
delete from outbox.message where destination like 'disk\_cost%';
delete from outbox.destination where name like 'disk\_cost%';
SQL
}
trap cleanup EXIT
cleanup

sql > /dev/null <<SQL
create schema disk_cost;
insert into outbox.destination (name, uri, paused, max_owed_bytes)
values ('disk_cost', 'tcp://localhost:9', true, 1::bigint << 50), ('disk_cost_other', 'tcp://localhost:9', true, null);
create table disk_cost.orders (id bigint primary key, customer integer, status text, amount numeric(12,2), note text);
select outbox.publish('disk_cost', '{"a": "row of some length, as applications write them"}') from generate_series(1, $backlog);
select outbox.capture('disk_cost.orders', 'disk_cost');
analyze outbox.pending;

create function disk_cost.cpu() returns bigint language sql volatile as
  \$\$ select split_part(pg_read_file('/proc/self/schedstat'), ' ', 1)::bigint \$\$;

-- One statement a transaction, static as an application's prepared one is. A tenth of them before, to warm up.
create procedure disk_cost.run(variant text, transactions integer) language plpgsql as \$\$
declare
  started bigint;
begin
  for i in 1 .. transactions + transactions / 10 loop
    if i = transactions / 10 + 1 then
      started := disk_cost.cpu();
    end if;
    insert into disk_cost.orders (id, customer, status, amount, note)
    values (i, 17, 'new', 123.45, 'a note of some length, as people write them');
    commit;
  end loop;
  raise notice 'insert-us % %', variant, round((disk_cost.cpu() - started) / 1000.0 / transactions, 2);
end \$\$;

create procedure disk_cost.measure() language plpgsql as \$\$
declare
  started bigint := disk_cost.cpu();
begin
  perform outbox.measure();
  raise notice 'measure-ms % %', 'once', round((disk_cost.cpu() - started) / 1000000.0, 2);
end \$\$;
SQL

said() { sed -n 's/^.*NOTICE: *//p'; }
insert() {
  sql -c "truncate disk_cost.orders" -c "call disk_cost.run('$1', $transactions)" 2>&1 | said
}

for round in $(seq "$rounds"); do
  insert unmeasured
  while true; do echo "call disk_cost.measure();"; sleep 0.1; done | psql -X -q > /dev/null 2>&1 &
  measuring=$!
  insert measured
  kill "$measuring" 2> /dev/null || true
  wait "$measuring" 2> /dev/null || true
  sql -c "select outbox.stop_capturing('disk_cost_other')" > /dev/null
  insert other-stopped
  sql -c "select outbox.start_capturing('disk_cost_other')" > /dev/null
  sql -c "call disk_cost.measure()" 2>&1 | said
done | awk '
  { print "  " $0 > "/dev/stderr"; figures[$1 " " $2] = figures[$1 " " $2] " " $3 }
  END {
    for (name in figures) {
      count = split(figures[name], each, " ");
      least = each[1]; most = each[1];
      for (i = 2; i <= count; i++) { if (each[i] < least) least = each[i]; if (each[i] > most) most = each[i]; }
      for (i = 1; i <= count; i++) for (j = i + 1; j <= count; j++)
        if (each[j] < each[i]) { swap = each[i]; each[i] = each[j]; each[j] = swap; }
      printf "%s: least %s, median %s, most %s\n", name, least, each[int((count + 1) / 2)], most;
    }
  }'
