// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The plans of the statements that run all the time, whatever the planner believes about the table:
 * a queue is empty when it is analysed and huge an hour later, or the other way round.
 */
final class PlansTest {
  /** What statistics say, and what is there. */
  enum Belief {
    EMPTY_ANALYZED,
    FULL_ANALYZED,
    FULL_BELIEVED_EMPTY
  }

  private static final String SNAPSHOT = "'100:100:'";
  private static final String ARRAY = "'{1}'";
  private static final String[] OWED = {
    ARRAY, "'{1}'", "'{9}'", SNAPSHOT, SNAPSHOT, ARRAY, SNAPSHOT, "0", "0", "100"
  };

  private TestDatabase db;
  private Connection connection;
  private Statement statement;

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    connection = db.connect();
    statement = connection.createStatement();
    statement.execute("alter table outbox.pending set (autovacuum_enabled = off)");
  }

  @AfterEach
  void tearDown() throws Exception {
    connection.close();
    db.close();
  }

  private void arrange(Belief belief) throws SQLException {
    if (belief != Belief.FULL_ANALYZED) {
      statement.execute("analyze outbox.pending, outbox.parked");
    }
    if (belief != Belief.EMPTY_ANALYZED) {
      statement.execute(
          "insert into outbox.pending (destination, op, key, new_row)"
              + " select 1, 'm', g, '{}' from generate_series(1, 20000) g");
      statement.execute(
          "insert into outbox.parked (id, xid, created_at, destination, source, op, key, state, due_at)"
              + " select g, '3', now(), 1, 1, 'i', g % 1000,"
              + " (array['retry', 'held', 'failed', 'delivered', 'pending'])[1 + g % 5], now()"
              + " from generate_series(100001, 120000) g");
    }
    if (belief == Belief.FULL_ANALYZED) {
      statement.execute("analyze outbox.pending, outbox.parked");
    }
    statement.execute(Connections.PINNED_PLANS);
  }

  private String plan(String sql, String... arguments) throws SQLException {
    return explain("costs off", sql, arguments);
  }

  private String explain(String options, String sql, String... arguments) throws SQLException {
    StringBuilder numbered = new StringBuilder();
    int next = 1;
    for (char c : sql.toCharArray()) {
      if (c == '?') {
        numbered.append('$').append(next++);
      } else {
        numbered.append(c);
      }
    }
    statement.execute("deallocate all");
    statement.execute("prepare q as " + numbered);
    StringBuilder plan = new StringBuilder();
    try (ResultSet r =
        statement.executeQuery(
            "explain (" + options + ") execute q(" + String.join(", ", arguments) + ")")) {
      while (r.next()) {
        plan.append(r.getString(1)).append('\n');
      }
    }
    return plan.toString();
  }

  private static void assertUses(String plan, String index) {
    assertTrue(plan.contains(index), "expected " + index + " in:\n" + plan);
    assertFalse(plan.contains("Seq Scan on p"), plan);
    assertFalse(plan.contains("Bitmap"), plan);
    assertFalse(plan.contains("Hash Join"), plan);
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void sizedPage_anyBelief_walksThePageIndexWithoutSorting(Belief belief) throws Exception {
    arrange(belief);
    String plan =
        plan(
            MessageSql.SIZED_PAGE,
            "1000",
            "1000",
            "1000",
            "1000",
            "1000",
            "1",
            "5",
            "1",
            SNAPSHOT,
            "null",
            "null",
            "100",
            "1000");
    assertUses(plan, "Index Scan using pending_pkey");
    assertTrue(
        plan.contains("(ROW(destination, id) > "),
        "the cursor must be an index condition:\n" + plan);
    assertFalse(plan.contains("Sort"), plan);
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void leanPage_anyBelief_walksThePageIndexWithoutSorting(Belief belief) throws Exception {
    arrange(belief);
    String plan =
        plan(
            MessageSql.LEAN_PAGE,
            "1000",
            "1000",
            "1000",
            "1000",
            "1000",
            "1000",
            "1",
            "5",
            "1",
            SNAPSHOT,
            "null",
            "null",
            "100");
    assertUses(plan, "Index Scan using pending_pkey");
    assertTrue(
        plan.contains("(ROW(destination, id) > "),
        "the cursor must be an index condition:\n" + plan);
    assertFalse(plan.contains("Sort"), plan);
  }

  /** A cursor that only filters shows the same plan, and walks over everything before it. */
  @Test
  void leanPage_farFromTheStart_readsNoMoreThanAtTheStart() throws Exception {
    arrange(Belief.FULL_ANALYZED);
    pageBuffers(0); // sets the hint bits
    int atTheStart = pageBuffers(0);
    int atTheEnd = pageBuffers(19_800);
    assertTrue(atTheEnd <= atTheStart + 20, atTheEnd + " buffers, at the start " + atTheStart);
  }

  private int pageBuffers(long after) throws SQLException {
    String plan =
        explain(
            "analyze, buffers, costs off, timing off",
            MessageSql.LEAN_PAGE,
            "1000",
            "1000",
            "1000",
            "1000",
            "1000",
            "1000",
            "1",
            Long.toString(after),
            "1",
            "pg_current_snapshot()",
            "null",
            "null",
            "100");
    assertTrue(plan.contains("rows=100"), plan);
    Matcher hits = Pattern.compile("shared hit=(\\d+)").matcher(plan);
    assertTrue(hits.find(), plan);
    return Integer.parseInt(hits.group(1));
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void tail_anyBelief_startsFromTheTransactionIds(Belief belief) throws Exception {
    arrange(belief);
    String plan =
        plan(
            MessageSql.TAIL,
            SNAPSHOT,
            SNAPSHOT,
            SNAPSHOT,
            SNAPSHOT,
            ARRAY,
            "101",
            "1000",
            "1000",
            "1000",
            "1000",
            "1000",
            "100",
            "100",
            "1000");
    assertUses(plan, "Index Scan using pending_tail");
    assertUses(plan, "Index Scan using parked_tail");
    assertUses(plan, "Index Cond: ((destination = w.destination) AND (id = w.id))");
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void firstIds_anyBelief_startFromTheTransactionIds(Belief belief) throws Exception {
    arrange(belief);
    assertUses(
        plan(MessageSql.FIRST_IDS, SNAPSHOT, SNAPSHOT, SNAPSHOT, SNAPSHOT, ARRAY, SNAPSHOT),
        "Index Scan using pending_tail");
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void complete_anyBelief_findsEachId(Belief belief) throws Exception {
    arrange(belief);
    assertUses(plan(MessageSql.COMPLETE, "1", "'{1,2,3}'"), "Index Scan using pending_pkey");
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void completeSeveral_anyBelief_findsEachId(Belief belief) throws Exception {
    arrange(belief);
    String plan = plan(MessageSql.COMPLETE_SEVERAL, "'{1,2}'", "'{1,2}'");
    assertUses(plan, "Index Scan using pending_pkey");
    assertUses(plan, "Index Cond: ((destination = i.destination) AND (id = i.id))");
    assertUses(plan, "Tid Scan on pending");
  }

  /** Each sweep asks, so it must not look at what is kept. */
  @Test
  void purge_nothingToPurge_readsAFewPagesADestination() throws Exception {
    statement.execute(
        "insert into outbox.destination (name, uri, keep_delivered)"
            + " select 'd' || g, 'tcp://h:1', case when g = 1 then interval '1 year' end"
            + " from generate_series(1, 20) g");
    statement.execute(
        "insert into outbox.parked (id, xid, created_at, destination, source, op, state, delivered_at)"
            + " select g, '3', now(), d.number, 0, 'm', 'delivered', now() - interval '1 hour'"
            + " from generate_series(1, 20000) g join outbox.destination d on d.name = 'd1'");
    statement.execute(Connections.PINNED_PLANS);
    String plan =
        explain(
            "analyze, buffers, costs off, timing off", MessageSql.PURGE, "'{}'", "5000", "5000");
    assertUses(plan, "Index Scan using parked_delivered");
    assertFalse(plan.contains("Sort"), plan);
    Matcher hits = Pattern.compile("shared hit=(\\d+)").matcher(plan);
    assertTrue(hits.find(), plan);
    assertTrue(Integer.parseInt(hits.group(1)) < 20 * 5 + 20, plan);
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void stateChanges_anyBelief_findEachId(Belief belief) throws Exception {
    arrange(belief);
    String retry = plan(MessageSql.RETRY, "1", "1", "'out'", "1", "'{1}'", "'3'", "1", "'no'", "5");
    String again =
        plan(MessageSql.RETRY_PARKED, "1", "'no'", "5", "1", "1", "'out'", "1", "'{1}'", "'3'");
    String hold = plan(MessageSql.HOLD, "1", "1", "'out'", "1", "'{1,2}'");
    for (String plan : List.of(retry, again, hold)) {
      assertUses(plan, "Index Cond: ((destination = ");
      assertUses(plan, "AND (id = i.id)");
      assertUses(plan, "destination_state_pkey");
    }
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void nextDues_anyBelief_lookAtTheFirstOfEach(Belief belief) throws Exception {
    arrange(belief);
    String plan = plan(MessageSql.NEXT_DUES, ARRAY);
    assertTrue(plan.contains("using parked_due"), plan);
    assertFalse(plan.contains("Sort"), plan);
    assertTrue(plan.contains("Limit"), plan);
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void owed_anyBelief_walksThePageIndex(Belief belief) throws Exception {
    arrange(belief);
    String plan = plan(MessageSql.OWED, OWED);
    assertUses(plan, "using pending_pkey");
    assertTrue(plan.contains("Index Cond: ((ROW(destination, id) >= "), plan);
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void inBlocks_anyBelief_readsTheseBlocksAlone(Belief belief) throws Exception {
    arrange(belief);
    String ids = "'{\"1\":9}'";
    String plan = plan(MessageSql.IN_BLOCKS, "'(0,0)'", "'(9,0)'", ids, ids, SNAPSHOT, "100");
    assertTrue(plan.contains("Tid Range Scan on pending"), plan);
    assertFalse(plan.contains("pending_"), plan);
  }

  /** A thousand destinations are marked together, by relays that see the table empty. */
  @ParameterizedTest
  @EnumSource(Belief.class)
  void mark_anyBelief_findsEachDestination(Belief belief) throws Exception {
    arrange(belief);
    String plan = plan(JdbcDestinationStore.MARK, "'{}'", "'{}'", "'{}'", "'{out}'", "'{}'");
    assertTrue(plan.contains("Index Cond: (destination = ANY "), plan);
  }

  /** So do those that have moved. */
  @ParameterizedTest
  @EnumSource(Belief.class)
  void moved_anyBelief_findsEachDestination(Belief belief) throws Exception {
    arrange(belief);
    String plan = plan(JdbcDestinationStore.MOVED, "'{}'", "'{}'", "'{out}'", "'{}'");
    assertTrue(plan.contains("Index Cond: (destination = ANY "), plan);
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void due_anyBelief_walksTheDueIndex(Belief belief) throws Exception {
    arrange(belief);
    assertUses(
        plan(
            MessageSql.DUE,
            "1000",
            "1000",
            "1000",
            "1000",
            "1000",
            "1",
            "false",
            "'{1}'",
            "100",
            "1000"),
        "Index Scan using parked_due");
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void requeued_anyBelief_looksEachUp(Belief belief) throws Exception {
    arrange(belief);
    String plan =
        plan(
            MessageSql.REQUEUED,
            "1000",
            "1000",
            "1000",
            "1000",
            "1000",
            "1",
            "'{1}'",
            "1",
            "'{1}'",
            "100",
            "1000");
    assertTrue(plan.contains("(id = i.id)") && plan.contains("Index Scan"), plan);
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void held_anyBelief_walksTheParkedIndex(Belief belief) throws Exception {
    arrange(belief);
    List<String> arguments = new ArrayList<>(Collections.nCopies(5, "1000"));
    arguments.addAll(List.of("1", "1", "'k'", "100", "1000"));
    String plan = plan(MessageSql.HELD, arguments.toArray(new String[0]));
    assertUses(plan, "Index Scan using parked_gate");
    assertTrue(plan.contains("CASE WHEN (octet_length(key) <= 200)"), plan);
    assertFalse(plan.contains("Filter: (CASE"), "the key must be an index condition:\n" + plan);
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void parked_anyBelief_walksTheParkedIndex(Belief belief) throws Exception {
    arrange(belief);
    String plan = plan(MessageSql.PARKED, "1", "true", "100");
    assertUses(plan, "using parked_gate");
    assertFalse(plan.contains("Sort"), plan);
  }

  /** A statement, with the indexes of the queue that it is meant to walk. */
  private record Planned(String name, String sql, List<String> arguments, List<String> indexes) {}

  private static Planned planned(String name, String sql, String indexes, String... arguments) {
    return new Planned(name, sql, List.of(arguments), List.of(indexes.split(" ")));
  }

  private static Planned sized(String name, String sql, String indexes, String... arguments) {
    List<String> all = new ArrayList<>(Collections.nCopies(5, "1000"));
    all.addAll(List.of(arguments));
    all.addAll(List.of("100", "1000"));
    return new Planned(name, sql, all, List.of(indexes.split(" ")));
  }

  private static List<Planned> allPlanned() {
    String both = "pending_pkey parked_pkey";
    String four = "pending_tail parked_tail " + both;
    String s = SNAPSHOT;
    String ids = "'{1}'";
    return List.of(
        sized("page", MessageSql.SIZED_PAGE, "pending_pkey", "1", "5", "1", s, "null", "null"),
        planned(
            "lean page",
            MessageSql.LEAN_PAGE,
            "pending_pkey",
            "1",
            "1",
            "1",
            "1",
            "1",
            "1",
            "1",
            "5",
            "1",
            s,
            "null",
            "null",
            "100"),
        planned(
            "tail",
            MessageSql.TAIL,
            four,
            s,
            s,
            s,
            s,
            ARRAY,
            "101",
            "1",
            "1",
            "1",
            "1",
            "1",
            "100",
            "100",
            "1000"),
        planned(
            "first ids", MessageSql.FIRST_IDS, "pending_tail parked_tail", s, s, s, s, ARRAY, s),
        sized("due", MessageSql.DUE, "parked_due", "1", "false", ids),
        planned("next due", MessageSql.NEXT_DUE, "parked_due", "1", "false", ids),
        planned("next dues", MessageSql.NEXT_DUES, "parked_due", ARRAY),
        sized("requeued", MessageSql.REQUEUED, both, "1", ids, "1", ids),
        sized("held", MessageSql.HELD, "parked_gate", "1", "1", "'k'"),
        planned("parked", MessageSql.PARKED, "parked_gate", "1", "true", "100"),
        planned("refused truncate", MessageSql.BARRIER, "parked_gate", "1"),
        planned("standing", MessageSql.STANDING, both, "1", ids, "1", ids, "'{retry}'"),
        planned("fates", MessageSql.FATES, both, "1", ids, "1", ids),
        planned("complete", MessageSql.COMPLETE, "pending_pkey", "1", ids),
        planned("complete parked", MessageSql.COMPLETE_PARKED, "parked_pkey", "1", ids),
        planned("complete several", MessageSql.COMPLETE_SEVERAL, "pending_pkey", ids, ids),
        planned("complete free", MessageSql.COMPLETE_FREE, "pending_pkey", "1", "1", ids),
        planned("keep", MessageSql.KEEP, "pending_pkey", "1", ids, ids),
        planned("keep parked", MessageSql.KEEP_PARKED, "parked_pkey", "1", ids, ids),
        planned("left", MessageSql.LEFT, both, "1", ids, "1", ids),
        planned("left of kept", MessageSql.LEFT_OF_KEPT, both, "1", ids, ids, "1", ids, ids),
        planned(
            "retry",
            MessageSql.RETRY,
            "pending_pkey",
            "1",
            "1",
            "'out'",
            "1",
            ids,
            "'3'",
            "1",
            "'no'",
            "5"),
        planned(
            "fail parked",
            MessageSql.FAIL_PARKED,
            "parked_pkey",
            "1",
            "'no'",
            "1",
            "1",
            "'out'",
            "1",
            ids,
            "'3'"),
        planned("hold", MessageSql.HOLD, "pending_pkey", "1", "1", "'out'", "1", ids),
        planned("hold parked", MessageSql.HOLD_PARKED, "parked_pkey", "1", "1", "'out'", "1", ids),
        planned("not held", MessageSql.NOT_HELD, both, "1", ids, "1", ids, "'out'", "1"),
        planned("free", MessageSql.FREE, "pending_pkey", "1", ids),
        planned("free parked", MessageSql.FREE_PARKED, "parked_pkey", "1", ids),
        planned("owed", MessageSql.OWED, "pending_pkey pending_tail", OWED),
        planned("arrived", MessageSql.ARRIVED, "pending_tail", s, s, ARRAY, "'{\"1\":9}'", "100"),
        planned("purge", MessageSql.PURGE, "parked_delivered", "'{}'", "100", "100"),
        planned("pull back", JdbcDestinationStore.PULL_BACK, "pending_tail", "'out'"));
  }

  /**
   * The planner's choice depends on what it believes, its possibilities do not: without the indexes
   * that a statement is meant to walk, nothing is left but the whole table.
   */
  @ParameterizedTest
  @EnumSource(Belief.class)
  void statements_withoutTheirIndexes_haveNoOther(Belief belief) throws Exception {
    arrange(belief);
    connection.setAutoCommit(false);
    List<Planned> all = new ArrayList<>(allPlanned());
    if (connection.getMetaData().getDatabaseMajorVersion() >= MessageSql.LISTED_SINCE) {
      all.add(planned("complete listed", MessageSql.COMPLETE_LISTED, "pending_pkey", "1", "'{1}'"));
    }
    for (Planned planned : all) {
      String[] arguments = planned.arguments().toArray(new String[0]);
      String meant = plan(planned.sql(), arguments);
      for (String index : planned.indexes()) {
        assertUses(meant, index);
        statement.execute(
            index.endsWith("_pkey")
                ? "alter table outbox." + index.replace("_pkey", "") + " drop constraint " + index
                : "drop index outbox." + index);
      }
      String left = plan(planned.sql(), arguments);
      assertTrue(left.contains("Seq Scan on p"), planned.name() + ":\n" + left);
      assertFalse(
          left.contains("using pending_") || left.contains("using parked_"),
          planned.name() + ":\n" + left);
      connection.rollback();
      statement.execute(Connections.PINNED_PLANS);
    }
  }
}
