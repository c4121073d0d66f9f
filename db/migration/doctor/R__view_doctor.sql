-- SPDX-License-Identifier: Apache-2.0
-- outbox.doctor: what the function of the same name finds, for those who look with SELECT alone.
create or replace view outbox.doctor as
select severity, check_name, object, finding, remedy from outbox.doctor();

comment on view outbox.doctor is 'What is wrong, or soon will be, each with the statement that mends it.';
comment on column outbox.doctor.severity is
  'error (messages are lost or stand still), warning (soon), or info.';
comment on column outbox.doctor.check_name is 'The kind of finding.';
comment on column outbox.doctor.object is 'What it is about.';
comment on column outbox.doctor.finding is 'What is wrong.';
comment on column outbox.doctor.remedy is 'The statement that mends it, or what to do.';
