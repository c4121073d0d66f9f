-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.trigger_arguments: the arguments of a trigger, as stored in pg_trigger.tgargs, as an array of texts.
--
-- The catalog keeps them as bytes, each ended by a zero byte. Split on whole bytes in hexadecimal, since a name may hold
-- any character, the backslash of the escape format included. Not in SQL, which PostgreSQL would plan anew in each statement.
--
-- parameters: arguments  pg_trigger.tgargs
-- returns:    one text an argument, an empty array for none
-- reads:      nothing
create or replace function outbox_internal.trigger_arguments(arguments bytea) returns text[]
language plpgsql stable strict parallel safe
set search_path = pg_catalog, pg_temp
as $$
begin
  return (
    select coalesce(array_agg(convert_from(decode(part.bytes[1], 'hex'), getdatabaseencoding()) order by part.position), '{}'::text[])
    from regexp_matches(encode(arguments, 'hex'), '((?:(?!00)..)*)00', 'g') with ordinality as part(bytes, position));
end
$$;

comment on function outbox_internal.trigger_arguments(bytea) is 'The arguments of a trigger (pg_trigger.tgargs) as texts.';
revoke execute on function outbox_internal.trigger_arguments(bytea) from public;
