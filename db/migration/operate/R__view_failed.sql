-- SPDX-License-Identifier: Apache-2.0
-- outbox.failed: messages that were set aside, oldest first.
create or replace view outbox.failed as
select m.id, outbox.wire_id(m.id, m.created_at) as wire_id, m.destination, m.key, m.op, m.source_schema, m.source_table, m.type, m.attempts, m.last_error, m.created_at,
       m.new_row, m.old_row, m.headers, m.failed_at, m.first_failed_at, m.requeued, m.requeued_by
from outbox.message m
where m.state = 'failed'
order by m.id;

comment on view outbox.failed is 'Messages that were set aside. outbox.requeue(id) sends one again, outbox.discard(id) gives it up; wire_id is what the receiver knows it by.';
comment on column outbox.failed.id is 'outbox.message.id.';
comment on column outbox.failed.wire_id is
  'What receivers know it by; outbox.requeue and outbox.discard take it too.';
comment on column outbox.failed.destination is 'outbox.destination.name.';
comment on column outbox.failed.key is 'Messages of one key and table go in order.';
comment on column outbox.failed.op is
  'insert, update, delete, truncate, read (backfill) or message (outbox.publish).';
comment on column outbox.failed.source_schema is
  'The schema of the captured table at the time of the change.';
comment on column outbox.failed.source_table is 'The captured table''s name at that time.';
comment on column outbox.failed.type is 'The name that outbox.publish was given.';
comment on column outbox.failed.attempts is 'How often it was refused.';
comment on column outbox.failed.last_error is 'Why it was refused last.';
comment on column outbox.failed.created_at is 'When the change was written.';
comment on column outbox.failed.new_row is 'The row after the change, or what was published.';
comment on column outbox.failed.old_row is 'The row before the change.';
comment on column outbox.failed.headers is
  'What the setting outbox.headers said, or outbox.publish was given.';
comment on column outbox.failed.failed_at is 'When it was set aside.';
comment on column outbox.failed.first_failed_at is 'When it was set aside for the first time.';
comment on column outbox.failed.requeued is 'How often somebody has made it owed again since.';
comment on column outbox.failed.requeued_by is 'The login that did so last.';
