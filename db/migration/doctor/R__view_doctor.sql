-- outbox.doctor: what the function of the same name finds, for those who look with SELECT alone.
create or replace view outbox.doctor as
select severity, check_name, object, finding, remedy from outbox.doctor();

comment on view outbox.doctor is 'What is wrong, or soon will be, each with the statement that mends it.';
