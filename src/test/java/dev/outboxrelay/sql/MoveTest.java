package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Rows that an update moves to another partition: to PostgreSQL a delete and an insert. */
final class MoveTest {
  private static Outbox outbox;

  @BeforeAll
  static void create() throws SQLException {
    outbox = Outbox.create();
  }

  @BeforeEach
  void reset() throws SQLException {
    outbox.reset();
    outbox.execute(
        "create table p (id int, status text) partition by list (status)",
        "create table p_open partition of p for values in ('open')",
        "create table p_done partition of p for values in ('done')",
        "create table t (id int, status text)");
  }

  @AfterAll
  static void drop() throws SQLException {
    outbox.close();
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
}
