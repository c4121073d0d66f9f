// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What except_columns names is never stored, whatever becomes of the column and its name. */
final class ExclusionTest {
  private static final List<String> LEVELS = List.of("", ", condition => 'true'");

  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  @BeforeEach
  void prepare() throws SQLException {
    outbox.execute("create table t (id int primary key, card text)");
  }

  private static void leaveOutCard(String level) throws SQLException {
    outbox.execute("select outbox.capture('t', 'crm', except_columns => '{card}'" + level + ")");
  }

  private static final List<String> WITHOUT_CARD =
      List.of(
          "insert 1 - {\"id\":1}",
          "insert 2 - {\"id\":2}",
          "update 1 {\"id\":1} {\"id\":1}",
          "update 2 {\"id\":2} {\"id\":2}",
          "delete 1 {\"id\":1} -",
          "delete 2 {\"id\":2} -",
          "insert 3 - {\"id\":3}",
          "update 3 {\"id\":3} {\"id\":3}",
          "read 3 - {\"id\":3}");

  private static void write() throws SQLException {
    outbox.execute(
        "insert into t (id, card) values (1, '4000'), (2, '4001')",
        "update t set card = card || '0'",
        "delete from t",
        "insert into t (id, card) values (3, '4002')",
        "update t set card = '4003'",
        "select outbox.backfill('t', 'crm')");
  }

  @Test
  void excludedColumn_replacedByAnotherOfItsName_isStillLeftOut() throws SQLException {
    for (String level : LEVELS) {
      leaveOutCard(level);
      outbox.execute(
          "alter table t add column card_new varchar(30)",
          "alter table t rename column card to card_old",
          "alter table t rename column card_new to card",
          "insert into t values (0, 'old', 'new')");
      assertEquals(List.of("insert 0 - {\"id\":0}"), outbox.messages());
      outbox.execute(
          "delete from t", "delete from outbox.message", "alter table t drop column card_old");
      write();
      assertEquals(WITHOUT_CARD, outbox.messages());
      outbox.reset();
      prepare();
    }
  }

  @Test
  void excludedColumn_droppedAndAddedAgain_isStillLeftOut() throws SQLException {
    for (String level : LEVELS) {
      leaveOutCard(level);
      outbox.execute("alter table t drop column card", "alter table t add column card text");
      write();
      assertEquals(WITHOUT_CARD, outbox.messages());
      outbox.reset();
      prepare();
    }
  }

  @Test
  void columnOfTheKey_isRefusedWithTheColumnAndTheRemedy() throws SQLException {
    for (String key : List.of("", ", key => '{id,card}'")) {
      String refused =
          outbox.refuses(
              "22023", "select outbox.capture('t', 'crm', except_columns => '{id}'" + key + ")");
      assertTrue(refused.contains("id") && refused.contains("key =>"), refused);
    }
    assertEquals(0, outbox.count("select count(*) from outbox.capture_list"));
  }

  @Test
  void excludedColumn_thatGetsTheNameOfTheKey_isNotStoredAsTheKey() throws SQLException {
    for (String level : LEVELS) {
      outbox.execute(
          "create table s (n int, code text, card text)",
          "select outbox.capture('s', 'crm', key => '{code}', except_columns => '{card}'"
              + level
              + ")",
          "insert into s values (1, 'c1', 'hidden')",
          "alter table s rename code to label",
          "alter table s rename card to code",
          "update s set n = 2, code = 'hidden too'",
          "insert into s values (3, 'c3', 'hidden'), (4, 'c4', 'hidden')",
          "update s set label = label || 'x' where n = 4",
          "delete from s where n = 4",
          "select outbox.backfill('s', 'crm')",
          "alter table s drop label",
          "insert into s values (6, 'hidden')");
      assertEquals(
          0, outbox.count("select count(*) from outbox.message m where m::text like '%hidden%'"));
      assertEquals(
          List.of(
              "insert c1",
              "update c1",
              "insert c3",
              "insert c4",
              "delete c4",
              "insert c4x",
              "delete c4x",
              "read c1",
              "read c3",
              "insert -"),
          outbox.changes());
      outbox.reset();
      prepare();
    }
  }

  @Test
  void columnOfThePrimaryKey_withAnotherKey_isLeftOut() throws SQLException {
    outbox.execute(
        "select outbox.capture('t', 'crm', except_columns => '{id}', key => '{card}')",
        "insert into t values (1, 'a')",
        "select outbox.capture('t', 'crm', except_columns => '{id}', key => '{}')",
        "insert into t values (2, 'b')");
    assertEquals(
        List.of("insert a - {\"card\":\"a\"}", "insert - - {\"card\":\"b\"}"), outbox.messages());
  }
}
