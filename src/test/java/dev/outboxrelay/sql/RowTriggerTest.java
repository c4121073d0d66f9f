// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Row triggers beside those of a capture by statement. */
final class RowTriggerTest {
  @RegisterExtension private static final Outbox outbox = Outbox.sharedOwned();

  @Test
  void rowTrigger_thatIsDisabled_isFoundOnlyOnceItIsEnabled() throws SQLException {
    outbox.execute(
        "create table t (id int primary key)",
        "select outbox.capture('t', 'crm')",
        "create function audit() returns trigger language plpgsql as 'begin return null; end'",
        "create trigger audit after insert on t for each row execute function audit()",
        "alter table t disable trigger audit");
    assertEquals(List.of(), outbox.findings());
    outbox.execute("alter table t enable trigger audit");
    assertEquals(List.of("error | capture out of step | public.t"), outbox.findings());
    outbox.mend();
  }

  @Test
  void rowTrigger_thatIsDisabledWhenTheTableIsCaptured_needsNoNewCaptureLater()
      throws SQLException {
    outbox.execute(
        "create table t (id int primary key)",
        "create function audit() returns trigger language plpgsql as 'begin return null; end'",
        "create trigger audit after insert on t for each row execute function audit()",
        "alter table t disable trigger audit",
        "select outbox.capture('t', 'crm')",
        "alter table t enable trigger audit");
    assertEquals(List.of(), outbox.findings());
  }
}
