-- SPDX-License-Identifier: Apache-2.0
-- outbox_internal.option_fault: what is wrong with the value of an option.
--
-- The value itself is not shown: somebody may have written a secret.
--
-- parameters: type   of outbox_internal.transport_options
--             value  as it stands in outbox.destination.options
-- returns:    words, null when nothing is wrong
-- reads:      nothing
create or replace function outbox_internal.option_fault(type text, value jsonb) returns text
language plpgsql immutable
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = on
as $$
declare
  words constant text[] := string_to_array(type, ' ');
  plain constant text := value #>> '{}';
  need_secret constant text := 'need {"secret": "name of a file in the relay''s --secrets-dir"}';
  reserved constant text := '^(host|content-(length|type|encoding)|transfer-encoding|connection|keep-alive|te|trailer'
    || '|upgrade|expect|proxy-.*|webhook-.*|ce-.*)$';
  fault text;
  header record;
begin
  if words[1] = 'number' then
    if jsonb_typeof(value) = 'number' and plain ~ '^[0-9]{1,8}$' then
      if plain::integer between words[2]::integer and words[3]::integer then
        return null;
      end if;
    end if;
    return format('need a number from %s to %s', words[2], words[3]);
  end if;

  if words[1] = 'text' then
    return case when jsonb_typeof(value) <> 'string' or plain !~ '[^ \t\n\v\f\r]' then 'need a string' end;
  end if;

  if words[1] = 'choice' then
    return case when jsonb_typeof(value) <> 'string' or plain <> all (words[2:])
      then 'need ' || array_to_string(words[2:], ' or ') end;
  end if;

  if words[1] = 'secret' then
    if jsonb_typeof(value) = 'object' and jsonb_typeof(value -> 'secret') = 'string' then
      -- NAME.hosts lists where a secret may go.
      if value - 'secret' = '{}' and value ->> 'secret' ~ '^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$'
        and value ->> 'secret' !~ '\.hosts$' then
        return null;
      end if;
    end if;
    return need_secret;
  end if;

  if words[1] = 'secrets' then
    if jsonb_typeof(value) <> 'array' then
      return outbox_internal.option_fault('secret', value);
    end if;
    if jsonb_array_length(value) not between 1 and 5 then
      return 'need 1 to 5 secrets';
    end if;
    select min(outbox_internal.option_fault('secret', e.value)) into fault from jsonb_array_elements(value) as e(value);
    return fault;
  end if;

  if words[1] = 'headers' then
    if jsonb_typeof(value) <> 'object' then
      return 'need an object of header names and values';
    end if;
    if (select count(*) from jsonb_object_keys(value)) > 50 then
      return 'at most 50 headers';
    end if;
    for header in select h.key, h.value from jsonb_each(value) as h(key, value) loop
      if header.key !~ '^[A-Za-z0-9!#$%&''*+.^_`|~-]{1,100}$' or lower(header.key) ~ reserved then
        return format('the header %s cannot be set', quote_literal(header.key));
      end if;
      if jsonb_typeof(header.value) <> 'string' or lower(header.key) in ('authorization', 'cookie') then
        fault := outbox_internal.option_fault('secret', header.value);
        if fault is not null then
          return header.key || ': ' || fault;
        end if;
      elsif header.value #>> '{}' !~ '^[!-~]([ -~]*[!-~])?$' or length(header.value #>> '{}') > 1000 then
        return header.key || ': need 1 to 1000 printable ASCII characters';
      end if;
    end loop;
    return null;
  end if;

  return 'unknown type ' || type;
end
$$;

comment on function outbox_internal.option_fault(text, jsonb) is 'What is wrong with the value of an option.';
revoke execute on function outbox_internal.option_fault(text, jsonb) from public;
