// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Rows that an update moves to another partition: to PostgreSQL a delete and an insert. */
final class MoveTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  @BeforeEach
  void prepare() throws SQLException {
    outbox.execute(
        "create table p (id int, status text) partition by list (status)",
        "create table p_open partition of p for values in ('open')",
        "create table p_done partition of p for values in ('done')",
        "create table t (id int, status text)");
  }

  private static SQLWarning warning(String table, String options) throws SQLException {
    try (Connection c = outbox.connect();
        Statement s = c.createStatement()) {
      s.execute("select outbox.capture('" + table + "', 'crm', key => '{id}'" + options + ")");
      return s.getWarnings();
    }
  }

  @Test
  void captureThatMissesMoves_warns() throws SQLException {
    for (String options :
        List.of(
            ", condition => 'old.status is distinct from new.status'",
            ", operations => '{update}'",
            ", operations => '{update,insert}'",
            ", operations => '{update,delete}'")) {
      SQLWarning warning = warning("p", options);
      assertTrue(
          warning != null && warning.getMessage().contains("to another partition"),
          options + ": " + warning);
      assertNull(warning("t", options), options);
    }
  }

  @Test
  void captureThatHearsMoves_doesNotWarn() throws SQLException {
    for (String options :
        List.of("", ", condition => 'new.id > 1'", ", operations => '{insert,delete}'")) {
      assertNull(warning("p", options), options);
    }
    outbox.execute("insert into p values (2, 'open')", "update p set status = 'done'");
    assertEquals(List.of("insert 2", "delete 2", "insert 2"), outbox.changes());
  }

  /** Inserts through the table are heard there, so leaving its rows out unsaid is no backfill. */
  @Test
  void backfill_withAForeignPartition_isRefusedAndNamesIt() throws SQLException {
    outbox.execute(
        "create foreign data wrapper elsewhere",
        "create server far foreign data wrapper elsewhere",
        "create foreign table p_far partition of p for values in ('far') server far",
        "insert into p values (1, 'open')",
        "select outbox.capture('p', 'crm', key => '{id}')");
    for (String call : List.of("select outbox.backfill", "call outbox.backfill_in_steps")) {
      String refused = outbox.refuses("0A000", call + "('p', 'crm')");
      assertTrue(refused.contains("p_far") && refused.contains("foreign"), refused);
    }
    outbox.execute("select outbox.backfill('p_open', 'crm')");
    assertEquals(List.of("read 1"), outbox.changes());
    outbox.execute("drop foreign data wrapper elsewhere cascade");
  }
}
