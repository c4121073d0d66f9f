-- outbox.failed: messages that were set aside, oldest first.
create or replace view outbox.failed as
select m.id, outbox.wire_id(m.id, m.created_at) as wire_id, m.destination, m.key, m.op, m.source_schema, m.source_table, m.type, m.attempts, m.last_error, m.created_at,
       m.new_row, m.old_row, m.headers
from outbox.message m
where m.state = 'failed'
order by m.id;

comment on view outbox.failed is 'Messages that were set aside. outbox.requeue(id) sends one again, outbox.discard(id) gives it up; wire_id is what the receiver knows it by.';
