-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.defused: a row's JSON in which no escape keeps PostgreSQL's functions from reading it.
--
-- A column of type json may hold \u0000, half of a surrogate pair, or a character that the database's encoding has not got.
-- It is stored and sent as it is, but ->> and json_each fail on it wherever in the row it stands, and with them the write
-- of the application would. Escapes of control characters, which row_to_json makes itself, stay.
--
-- Its literals are E'...', since standard_conforming_strings is the writer's to set.
--
-- parameters: row_value  what row_to_json made
--             mark       what to put in place of each such \u, its four digits stay
-- reads:      nothing
create or replace function outbox_internal.defused(row_value json, mark text) returns json
language sql immutable strict parallel safe
as $$
  select regexp_replace(row_value::text, E'(?<!\\\\)((?:\\\\\\\\)*)\\\\u(?!00(?:0[1-9a-fA-F]|1[0-9a-fA-F]))', E'\\1' || mark, 'g')::json
$$;

comment on function outbox_internal.defused(json, text) is 'A row''s JSON in which no escape keeps PostgreSQL''s functions from reading it.';
revoke execute on function outbox_internal.defused(json, text) from public;
