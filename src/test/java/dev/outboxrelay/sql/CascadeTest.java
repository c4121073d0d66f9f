// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Rows that foreign keys change twice within one statement. */
final class CascadeTest {
  private static final String LEVEL = "select distinct level from outbox.capture_list";

  @RegisterExtension private static final Outbox outbox = Outbox.sharedOwned();

  @BeforeEach
  void prepare() throws SQLException {
    outbox.execute(
        "create table person (id int primary key)", "insert into person values (1), (2), (3)");
  }

  @Test
  void rowThatOneKeyEmptiesAndAnotherDeletes_endsDeleted() throws SQLException {
    outbox.execute(
        "create table note (id int primary key, author int references person on delete cascade,"
            + " editor int references person on delete set null)",
        "select outbox.capture('note', 'crm')",
        "insert into note values (10, 1, 2), (20, 2, 1), (30, 3, 2)",
        "delete from person where id in (1, 2)");
    assertEquals(outbox.query("select id::text from note order by id"), Replay.keys(outbox));
    assertEquals(List.of(), outbox.findings());
  }

  @Test
  void rowThatIsReachedThroughAnotherTable_endsDeleted() throws SQLException {
    outbox.execute(
        "create table post (id int primary key, author int references person on delete cascade,"
            + " reviewer int references person on delete set null)",
        "create table comment (id int primary key, post int references post on delete cascade,"
            + " author int references person on delete set null)",
        "select outbox.capture('post', 'crm')",
        "select outbox.capture('comment', 'crm')",
        "insert into post values (1, 1, 2), (2, 2, 1), (3, 3, 1)",
        "insert into comment values (11, 1, 2), (12, 2, 1), (13, 3, 1), (14, 1, 1)",
        "delete from person where id in (1, 2)");
    assertEquals(List.of("row"), outbox.query(LEVEL));
    assertEquals(List.of("3", "13"), Replay.keys(outbox));
  }

  @Test
  void keyOfTwoColumnsThatBothFollow_leavesNoStepBehind() throws SQLException {
    outbox.execute(
        "create table friend (a int references person on update cascade,"
            + " b int references person on update cascade, primary key (a, b))",
        "select outbox.capture('friend', 'crm')",
        "insert into friend values (1, 2), (3, 3)",
        "update person set id = id + 100");
    assertEquals(List.of("[101,102]", "[103,103]"), Replay.keys(outbox));
  }

  @Test
  void keyThatChangesBesideAnotherColumn_leavesNoStepBehind() throws SQLException {
    String[][] tables = {
      {
        "a int references person on delete set null,"
            + " b int default 0 references person on delete set default, primary key (id, b)",
        "",
        "delete from person where id = 1"
      },
      {
        "a int references person on delete set null, b int references person on delete set null",
        ", key => '{b,id}'",
        "delete from person where id = 1"
      },
      {
        "a int references person on update cascade, b int references person on update cascade",
        ", key => '{a,b}'",
        "update person set id = 100 where id = 1"
      },
    };
    for (String[] table : tables) {
      outbox.execute(
          "delete from outbox.message",
          "insert into person values (0), (1) on conflict do nothing",
          "create table t (id int, " + table[0] + ")",
          "select outbox.capture('t', 'crm'" + table[1] + ")",
          "insert into t values (7, 1, 1)",
          table[2]);
      assertEquals(1, Replay.keys(outbox).size(), table[0] + ": " + outbox.changes());
      assertEquals(List.of("row"), outbox.query(LEVEL));
      outbox.execute("drop table t");
    }
  }

  /** The statement changes the row by itself, and through the key: two steps of one row. */
  @Test
  void keyThatFollowsBesideAWithThatChangesTheRow_leavesNoStepBehind() throws SQLException {
    outbox.execute(
        "create table item (person int references person on update cascade, line int,"
            + " primary key (person, line))",
        "select outbox.capture('item', 'crm')",
        "insert into item values (1, 1), (2, 1)",
        "with m as (update item set line = line + 10 where person = 1 returning 1)"
            + " update person set id = 7 where id = 1");
    assertEquals(List.of("[2,1]", "[7,11]"), Replay.keys(outbox));
    assertEquals(List.of("row"), outbox.query(LEVEL));
    assertEquals(List.of(), outbox.findings());
  }

  /** What docs/guides/capture.md tells to do where an application writes such statements. */
  @Test
  void rowThatAWithDeletesAndInsertsAgain_besideOtherDeletes_isHeardInOrderRowByRow()
      throws SQLException {
    outbox.execute(
        "create table t (id int primary key, v text)",
        "select outbox.capture('t', 'crm', condition => 'true')",
        "insert into t values (1, 'a'), (9, 'z')",
        "with a as (delete from t where id = 1 returning *),"
            + " b as (insert into t select id, v || 'new' from a returning *),"
            + " c as (delete from t where id = 9 returning *)"
            + " select (select count(*) from b), (select count(*) from c)");
    assertEquals(outbox.query("select id::text from t"), Replay.keys(outbox));
  }

  /** What most tables have, in many of them twice: no reason to capture row by row. */
  @Test
  void keysThatCannotTakeARowApart_areCapturedByStatement() throws SQLException {
    outbox.execute(
        "create table shop (id int primary key)",
        "create table sale (id int primary key, shop int references shop on delete cascade on update cascade,"
            + " made_by int references person on delete set null on update cascade,"
            + " changed_by int references person on delete set null on update cascade)",
        "select outbox.capture('sale', 'crm')",
        "insert into sale values (1, null, 1, 2)",
        "delete from person where id in (1, 2)");
    assertEquals(List.of("statement"), outbox.query(LEVEL));
    assertEquals(List.of("insert 1", "update 1", "update 1"), outbox.changes());
    assertEquals(
        outbox.query("select row_to_json(s)::text from sale s"),
        outbox.query("select new_row::text from outbox.message order by id desc limit 1"));
  }

  @Test
  void secondForeignKey_addedAfterTheCapture_isFound() throws SQLException {
    outbox.execute(
        "create table note (id int primary key, author int references person on delete cascade)",
        "select outbox.capture('note', 'crm')",
        "alter table note add editor int references person on delete set null");
    assertEquals(List.of("error | capture out of step | public.note"), outbox.findings());
    outbox.mend();
  }
}
