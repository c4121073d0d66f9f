package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The key's columns are followed when another column gets their names. */
final class KeyTest {
  private static final List<String> LEVELS = List.of("", ", condition => 'true'");

  private static Outbox outbox;

  @BeforeAll
  static void create() throws SQLException {
    outbox = Outbox.create();
  }

  @BeforeEach
  void reset() throws SQLException {
    outbox.reset();
  }

  @AfterAll
  static void drop() throws SQLException {
    outbox.close();
  }

  @Test
  void renamedKey_whoseNameANewColumnGets_isStillTheKey() throws SQLException {
    for (String level : LEVELS) {
      outbox.execute(
          "create table t (id int primary key, v text)",
          "select outbox.capture('t', 'crm'" + level + ")",
          "alter table t rename id to pk",
          "alter table t add id text",
          "insert into t values (1, 'a')",
          "insert into t values (2, 'b', 'zz')",
          "update t set id = 'y'",
          "delete from t",
          "insert into t values (3, 'c', 'x'), (4, 'd', null)",
          "select outbox.backfill('t', 'crm')");
      assertEquals(
          List.of(
              "insert 1",
              "insert 2",
              "update 1",
              "update 2",
              "delete 1",
              "delete 2",
              "insert 3",
              "insert 4",
              "read 3",
              "read 4"),
          outbox.changes());
      reset();
    }
  }

  @Test
  void namesOfACompositeKey_swapped_keepTheOrderOfTheirColumns() throws SQLException {
    for (String level : LEVELS) {
      outbox.execute(
          "create table t (a int, b int, v text, primary key (a, b))",
          "select outbox.capture('t', 'crm'" + level + ")",
          "insert into t values (1, 2)",
          "alter table t rename a to c",
          "alter table t rename b to a",
          "alter table t rename c to b",
          "update t set v = 'x'");
      assertEquals(List.of("insert [1,2]", "update [1,2]"), outbox.changes());
      reset();
    }
  }

  /** The way a key of another type is put in place without a long lock. */
  @Test
  void keyReplacedByAnotherColumn_goesOnWithTheSameValues() throws SQLException {
    for (String level : LEVELS) {
      outbox.execute(
          "create table t (id int primary key, v text)",
          "select outbox.capture('t', 'crm'" + level + ")",
          "insert into t values (1, 'a')",
          "alter table t add id_new bigint",
          "update t set id_new = id",
          "alter table t drop constraint t_pkey",
          "alter table t rename id to id_old",
          "alter table t alter id_old drop not null",
          "alter table t rename id_new to id",
          "update t set v = 'b'",
          "insert into t (id, v) values (5, 'x')",
          "alter table t drop id_old",
          "update t set v = 'c'");
      assertEquals(
          List.of("insert 1", "update 1", "update 1", "insert 5", "update 1", "update 5"),
          outbox.changes());
      reset();
    }
  }
}
