// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Columns that a capture names, altered after it. */
final class AlterationTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  @BeforeEach
  void prepare() throws SQLException {
    outbox.execute("create table t (id int primary key, line int, v int, secret text)");
  }

  private static void capture(String options) throws SQLException {
    outbox.execute("select outbox.capture('t', 'crm'" + options + ")");
  }

  @Test
  void chosenColumn_renamed_isStillSent() throws SQLException {
    for (String rows : List.of("", ", condition => 'true'")) {
      capture(", columns => '{id,v}'" + rows);
      outbox.execute(
          "alter table t rename column v to amount",
          "alter table t add column v text default 'another'",
          "insert into t (id, amount, secret) values (1, 2, 'hush')");
      assertEquals(List.of("insert 1 - {\"id\":1,\"amount\":2}"), outbox.messages());
      outbox.reset();
      prepare();
    }
  }

  @Test
  void chosenColumn_dropped_isLeftOut() throws SQLException {
    for (String rows : List.of("", ", condition => 'true'")) {
      capture(", columns => '{id,v}'" + rows);
      outbox.execute(
          "alter table t drop column v",
          "alter table t add column v text default 'another'",
          "insert into t (id) values (1)");
      assertEquals(List.of("insert 1 - {\"id\":1}"), outbox.messages());
      outbox.reset();
      prepare();
    }
  }

  @Test
  void keyColumn_renamedOrDropped_keepsWhatIsLeftOfTheKey() throws SQLException {
    capture(", key => '{id,line}', columns => '{v}'");
    outbox.execute(
        "insert into t values (1, 2, 3)",
        "alter table t rename column line to position",
        "update t set v = 4",
        "alter table t drop column position",
        "update t set v = 5");
    assertEquals(List.of("insert [1,2]", "update [1,2]", "update [1]"), outbox.changes());
  }

  @Test
  void onlyKeyColumn_dropped_leavesMessagesWithoutKey() throws SQLException {
    capture("");
    outbox.execute(
        "insert into t values (1)", "alter table t drop column id", "update t set v = 1");
    assertEquals(List.of("insert 1", "update -"), outbox.changes());
  }

  /** PostgreSQL tells the one who alters; nothing fails later. */
  @Test
  void columnOfTheCondition_isFollowedWhenRenamedAndKeptFromOtherChanges() throws SQLException {
    capture(", condition => 'new.v > 1'");
    assertTrue(
        outbox.refuses("0A000", "alter table t alter column v type text").contains("trigger"));
    assertTrue(outbox.refuses("2BP01", "alter table t drop column v").contains("trigger"));
    outbox.execute(
        "alter table t rename column v to amount",
        "insert into t (id, amount) values (1, 1), (2, 2)");
    assertEquals(List.of("insert 2"), outbox.changes());
    outbox.execute(
        "select outbox.release('t')",
        "alter table t alter column amount type numeric",
        "select outbox.capture('t', 'crm', condition => 'new.amount > 1')",
        "insert into t (id, amount) values (3, 1.5)");
    assertEquals(List.of("insert 2", "insert 3"), outbox.changes());
  }

  @Test
  void conditionWhoseColumnWasRenamed_isListedWithItsPresentName() throws SQLException {
    for (String operations : List.of("update", "insert,delete", "delete")) {
      capture(", condition => 'new.v > 1', operations => '{" + operations + "}'");
      outbox.execute("alter table t rename column v to amount");
      for (String role : List.of("outbox_relay", "outbox_operator")) {
        try (Connection c = outbox.connect()) {
          Outbox.run(c, "set role " + role);
          assertEquals(
              List.of(operations.equals("delete") ? "(old.amount > 1)" : "(new.amount > 1)"),
              Outbox.column(c, "select condition from outbox.capture_list"));
        }
      }
      outbox.execute("alter table t rename column amount to v");
    }
  }

  /** Whoever looks does not wait for a table that somebody alters for long. */
  @Test
  void conditionOfALockedTable_isListedAsItWasGiven() throws SQLException {
    capture(", condition => 'new.v > 1'");
    try (Connection c = outbox.connect()) {
      Outbox.run(c, "begin", "lock table t in access exclusive mode");
      assertEquals(List.of("new.v > 1"), outbox.query("select condition from outbox.capture_list"));
    }
  }
}
