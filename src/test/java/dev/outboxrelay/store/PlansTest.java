package dev.outboxrelay.store;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.Gate;
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
  private static final String ARRAY = "'{out}'";
  private static final String[] OWED = {
    ARRAY, "'{1}'", "'{9}'", SNAPSHOT, SNAPSHOT, ARRAY, SNAPSHOT, "''", "0", "100"
  };

  private TestDatabase db;
  private Connection connection;
  private Statement statement;

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    connection = db.connect();
    statement = connection.createStatement();
    statement.execute("alter table outbox.message set (autovacuum_enabled = off)");
  }

  @AfterEach
  void tearDown() throws Exception {
    connection.close();
    db.close();
  }

  private void arrange(Belief belief) throws SQLException {
    if (belief != Belief.FULL_ANALYZED) {
      statement.execute("analyze outbox.message");
    }
    if (belief != Belief.EMPTY_ANALYZED) {
      statement.execute(
          "insert into outbox.message (destination, op, key, new_row)"
              + " select 'out', 'message', g, '{}' from generate_series(1, 20000) g");
    }
    if (belief == Belief.FULL_ANALYZED) {
      statement.execute("analyze outbox.message");
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

  /** A statement, with the indexes of the messages that it is meant to walk. */
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
    Gate gate = new Gate("public", "t", "k");
    Gate published = new Gate(null, null, "k");
    String[] lean = {
      "1", "1", "1", "1", "1", "1", "'out'", "5", "'out'", SNAPSHOT, "null", "null", "100"
    };
    return List.of(
        sized(
            "page",
            MessageSql.SIZED_PAGE,
            "message_page",
            "'out'",
            "5",
            "'out'",
            SNAPSHOT,
            "null",
            "null"),
        planned("lean page", MessageSql.LEAN_PAGE, "message_page", lean),
        planned(
            "tail",
            MessageSql.TAIL,
            "message_tail message_pkey",
            SNAPSHOT,
            SNAPSHOT,
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
            "first ids", MessageSql.FIRST_IDS, "message_tail", SNAPSHOT, SNAPSHOT, ARRAY, SNAPSHOT),
        sized("due", MessageSql.DUE, "message_due", "'out'", "false", "'{1}'"),
        planned("next due", MessageSql.NEXT_DUE, "message_due", "'out'", "false", "'{1}'"),
        planned("next dues", MessageSql.NEXT_DUES, "message_due", ARRAY),
        sized("requeued", MessageSql.REQUEUED, "message_pkey", "'{1}'", "'out'"),
        sized(
            "held",
            MessageSql.held(MessageSql.condition(gate)),
            "message_parked",
            "'out'",
            "'public'",
            "'t'",
            "'k'"),
        sized(
            "held, published",
            MessageSql.held(MessageSql.condition(published)),
            "message_parked",
            "'out'",
            "'k'"),
        planned("parked", MessageSql.PARKED, "message_parked", "'out'", "true", "100"),
        planned("refused truncate", MessageSql.BARRIER, "message_parked", "'out'"),
        planned("standing", MessageSql.STANDING, "message_pkey", "'{1}'", "'out'", "'{retry}'"),
        planned("fates", MessageSql.FATES, "message_pkey", "'{1}'", "'out'"),
        planned("complete", MessageSql.COMPLETE, "message_pkey", "'{1}'", "'out'"),
        planned(
            "complete several", MessageSql.COMPLETE_SEVERAL, "message_pkey", "'{1}'", "'{out}'"),
        planned("complete free", Completing.DELETE_FREE, "message_pkey", "'{1}'", "'out'"),
        planned("keep", MessageSql.KEEP, "message_pkey", "'{1}'", "'out'"),
        planned("keep free", Completing.KEEP_FREE, "message_pkey", "'{1}'", "'out'"),
        planned("left", Completing.LEFT, "message_pkey", "'{1}'", "'out'"),
        planned(
            "retry",
            MessageSql.RETRY,
            "message_pkey",
            "1",
            "'no'",
            "5",
            "'out'",
            "1",
            "'{1}'",
            "'1'"),
        planned("fail", MessageSql.FAIL, "message_pkey", "1", "'no'", "'out'", "1", "'{1}'", "'1'"),
        planned("hold", MessageSql.HOLD, "message_pkey", "'out'", "1", "'{1}'"),
        planned("not held", MessageSql.NOT_HELD, "message_pkey", "'out'", "1", "'{1}'"),
        planned("owed", MessageSql.OWED, "message_page message_tail", OWED),
        planned(
            "arrived",
            MessageSql.ARRIVED,
            "message_tail",
            SNAPSHOT,
            SNAPSHOT,
            ARRAY,
            "'{\"out\":9}'",
            "100"),
        planned("purge", MessageSql.PURGE, "message_delivered message_pkey", "'{}'", "100", "100"),
        planned("pull back", JdbcDestinationStore.PULL_BACK, "message_tail message_pkey", "'out'"),
        planned("let go", JdbcDestinationStore.LET_GO, "message_parked message_pkey", "'out'"));
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
    for (Planned planned : allPlanned()) {
      String[] arguments = planned.arguments().toArray(new String[0]);
      String meant = plan(planned.sql(), arguments);
      for (String index : planned.indexes()) {
        assertUses(meant, index);
        statement.execute(
            index.equals("message_pkey")
                ? "alter table outbox.message drop constraint message_pkey"
                : "drop index outbox." + index);
      }
      String left = plan(planned.sql(), arguments);
      assertTrue(left.contains("Seq Scan on message"), planned.name() + ":\n" + left);
      assertFalse(left.contains("message_"), planned.name() + ":\n" + left);
      connection.rollback();
      statement.execute(Connections.PINNED_PLANS);
    }
  }

  private static void assertUses(String plan, String index) {
    assertTrue(plan.contains(index), "expected " + index + " in:\n" + plan);
    assertFalse(plan.contains("Seq Scan on message"), plan);
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
            "'out'",
            "5",
            "'out'",
            SNAPSHOT,
            "null",
            "null",
            "100",
            "1000");
    assertUses(plan, "Index Scan using message_page");
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
            "'out'",
            "5",
            "'out'",
            SNAPSHOT,
            "null",
            "null",
            "100");
    assertUses(plan, "Index Scan using message_page");
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
            "'out'",
            Long.toString(after),
            "'out'",
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
    assertUses(plan, "Index Scan using message_tail");
    assertUses(plan, "Index Scan using message_pkey");
    assertFalse(plan.contains("message_page"), "a walk along ids:\n" + plan);
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void firstIds_anyBelief_startFromTheTransactionIds(Belief belief) throws Exception {
    arrange(belief);
    assertUses(
        plan(MessageSql.FIRST_IDS, SNAPSHOT, SNAPSHOT, ARRAY, SNAPSHOT),
        "Index Scan using message_tail");
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void complete_anyBelief_findsEachId(Belief belief) throws Exception {
    arrange(belief);
    assertUses(plan(MessageSql.COMPLETE, "'{1,2,3}'", "'out'"), "Index Scan using message_pkey");
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void completeSeveral_anyBelief_findsEachId(Belief belief) throws Exception {
    arrange(belief);
    String plan = plan(MessageSql.COMPLETE_SEVERAL, "'{1,2}'", "'{out,other}'");
    assertUses(plan, "Index Scan using message_pkey");
    assertTrue(plan.contains("Index Cond: (id = d.id)"), plan);
    assertTrue(plan.contains("Index Cond: (id = ANY "), plan);
  }

  /** Each sweep asks, so it must not look at what is kept. */
  @Test
  void purge_nothingToPurge_readsAFewPagesADestination() throws Exception {
    statement.execute(
        "insert into outbox.destination (name, uri, keep_delivered)"
            + " select 'd' || g, 'tcp://h:1', case when g = 1 then interval '1 year' end"
            + " from generate_series(1, 20) g");
    statement.execute(
        "insert into outbox.message (destination, op, state, delivered_at)"
            + " select 'd1', 'message', 'delivered', now() - interval '1 hour'"
            + " from generate_series(1, 20000) g");
    statement.execute(Connections.PINNED_PLANS);
    String plan =
        explain(
            "analyze, buffers, costs off, timing off", MessageSql.PURGE, "'{}'", "5000", "5000");
    assertUses(plan, "Index Scan using message_delivered");
    assertFalse(plan.contains("Sort"), plan);
    Matcher hits = Pattern.compile("shared hit=(\\d+)").matcher(plan);
    assertTrue(hits.find(), plan);
    assertTrue(Integer.parseInt(hits.group(1)) < 20 * 5 + 20, plan);
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void stateChanges_anyBelief_findEachId(Belief belief) throws Exception {
    arrange(belief);
    String retry = plan(MessageSql.RETRY, "1", "'no'", "5", "'out'", "1", "'{1}'", "'1'");
    String hold = plan(MessageSql.HOLD, "'out'", "1", "'{1,2}'");
    for (String plan : List.of(retry, hold)) {
      assertUses(plan, "Index Cond: (id = ANY (");
      assertUses(plan, "destination_state_pkey");
    }
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void nextDues_anyBelief_lookAtTheFirstOfEach(Belief belief) throws Exception {
    arrange(belief);
    String plan = plan(MessageSql.NEXT_DUES, ARRAY);
    assertTrue(plan.contains("using message_due"), plan);
    assertFalse(plan.contains("Sort"), plan);
    assertTrue(plan.contains("Limit"), plan);
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void owed_anyBelief_walksThePageIndex(Belief belief) throws Exception {
    arrange(belief);
    String plan = plan(MessageSql.OWED, OWED);
    assertUses(plan, "using message_page");
    assertTrue(plan.contains("Index Cond: ((ROW(destination, id) >= "), plan);
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void inBlocks_anyBelief_readsTheseBlocksAlone(Belief belief) throws Exception {
    arrange(belief);
    String ids = "'{\"out\":9}'";
    String plan = plan(MessageSql.IN_BLOCKS, "'(0,0)'", "'(9,0)'", ids, ids, SNAPSHOT, "100");
    assertTrue(plan.contains("Tid Range Scan on message"), plan);
    assertFalse(plan.contains("message_"), plan);
  }

  /** A thousand destinations are marked together, by relays that see the table empty. */
  @ParameterizedTest
  @EnumSource(Belief.class)
  void mark_anyBelief_findsEachDestination(Belief belief) throws Exception {
    arrange(belief);
    String plan = plan(JdbcDestinationStore.MARK, "'{}'", "'{}'", "'{}'", ARRAY, "'{}'");
    assertTrue(plan.contains("Index Cond: (destination = ANY "), plan);
  }

  /** So do those that have moved. */
  @ParameterizedTest
  @EnumSource(Belief.class)
  void moved_anyBelief_findsEachDestination(Belief belief) throws Exception {
    arrange(belief);
    String plan = plan(JdbcDestinationStore.MOVED, "'{}'", "'{}'", ARRAY, "'{}'");
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
            "'out'",
            "false",
            "'{1}'",
            "100",
            "1000"),
        "Index Scan using message_due");
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
            "'{1}'",
            "'out'",
            "100",
            "1000");
    assertTrue(plan.contains("(id = ANY ") && plan.contains("Index Scan"), plan);
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void held_anyBelief_walksTheParkedIndex(Belief belief) throws Exception {
    arrange(belief);
    Gate gate = new Gate("public", "t", "k");
    String sql = MessageSql.held(MessageSql.condition(gate));
    List<String> arguments = new ArrayList<>(Collections.nCopies(5, "1000"));
    arguments.addAll(List.of("'out'", "'public'", "'t'", "'k'", "100", "1000"));
    String plan = plan(sql, arguments.toArray(new String[0]));
    assertUses(plan, "Index Scan using message_parked");
    assertTrue(plan.contains("CASE WHEN (octet_length(key) <= 200)"), plan);
    assertFalse(plan.contains("Filter: (CASE"), "the key must be an index condition:\n" + plan);
  }

  @ParameterizedTest
  @EnumSource(Belief.class)
  void parked_anyBelief_walksTheParkedIndex(Belief belief) throws Exception {
    arrange(belief);
    String plan = plan(MessageSql.PARKED, "'out'", "true", "100");
    assertUses(plan, "using message_parked");
    assertFalse(plan.contains("Sort"), plan);
  }
}
