-- SPDX-License-Identifier: Apache-2.0
-- The roles and their grants, once everything else is there. Runs again when this file changes: raise the number below with
-- each function or view that is added.
-- 32
do $$
begin
  perform outbox.grant_roles();
end
$$;
