// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.operate.Action;
import dev.outboxrelay.operate.MessageName;
import dev.outboxrelay.operate.Repair;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Selection;
import dev.outboxrelay.store.Login;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestDatabase;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the console asks of a database, and does to it. */
final class DatabaseDeskTest {
  private static final String OTTO = "otto-may-only-look-at-it-08150815";
  private static TestDatabase db;
  private static DatabaseDesk desk;

  @TempDir Path directory;

  @BeforeAll
  static void create() throws SQLException {
    db = TestDatabase.create();
    desk = new DatabaseDesk(Login.of(db.url(), db.user(), db.password()));
  }

  @AfterAll
  static void drop() throws SQLException {
    desk.rest();
    db.close();
  }

  @BeforeEach
  void empty() throws SQLException {
    db.execute(
        "delete from outbox.message",
        "delete from outbox.replay_progress",
        "delete from outbox.destination",
        "insert into outbox.destination (name, uri) values ('crm', 'tcp://localhost:9000'),"
            + " ('audit', 'tcp://localhost:9001')");
  }

  /** Messages n of which every third has another error, written a second after each other. */
  private static void fail(String destination, int count) throws SQLException {
    db.execute(
        "insert into outbox.message (destination, op, source_schema, source_table, key, new_row,"
            + " state, attempts, last_error, created_at)"
            + " select '"
            + destination
            + "', 'insert', 'public', 'orders', 'k' || n % 10, json_build_object('n', n),"
            + " 'failed', 3, 'No Such ' || case when n % 3 = 0 then 'Order' else 'Customer' end,"
            + " timestamptz '2026-11-22 12:00:00Z' + n * interval '1 second'"
            + " from generate_series(1, "
            + count
            + ") n");
  }

  private static Selection of(String destination, String key, String error) {
    return new Selection(destination, null, key, null, null, error);
  }

  private static List<Row> all(Selection selection, int page) {
    List<Row> found = new ArrayList<>();
    List<Row> rows = desk.failed(selection, "", Long.MIN_VALUE, page);
    while (!rows.isEmpty()) {
      found.addAll(rows);
      Row last = rows.get(rows.size() - 1);
      rows = desk.failed(selection, last.text("destination"), last.number("number"), page);
    }
    return found;
  }

  @Test
  void failed_inPages_areEachShownOnceInOrder() throws SQLException {
    fail("crm", 25);
    fail("audit", 12);
    List<Row> found = all(Selection.ALL, 7);
    assertEquals(37, found.stream().map(row -> row.text("id")).distinct().count());
    assertEquals(37, found.size());
    assertEquals("audit", found.get(0).text("destination"));
    assertEquals("crm", found.get(36).text("destination"));
    assertEquals("orders", found.get(0).text("source_table"));
    assertEquals(8, all(of("crm", null, "no such ORDER"), 3).size());
    assertEquals(3, all(of("crm", "k3", null), 1).size());
    assertEquals(0, all(of("gone", null, null), 1).size());
    Selection times =
        new Selection(
            "crm",
            "public.orders",
            null,
            Instant.parse("2026-11-22T12:00:10Z"),
            Instant.parse("2026-11-22T12:00:15Z"),
            null);
    assertEquals(5, all(times, 100).size());
    assertEquals(5, desk.count(times));
  }

  @Test
  void look_atDestinations_hasAboutTheBytesThatAreOwed() throws SQLException {
    for (int n = 0; n < 3; n++) {
      db.execute(
          "insert into outbox.message (destination, op, new_row) values"
              + " ('crm', 'message', to_json(repeat('x', 1000)))");
    }
    List<Row> rows = new DatabaseDesk(Login.of(db.url(), db.user(), db.password())).look();
    assertEquals(List.of("audit", "crm"), rows.stream().map(r -> r.text("destination")).toList());
    assertEquals(0, rows.get(0).number("owed_bytes"));
    assertEquals(3300, rows.get(1).number("owed_bytes"), 200);
    assertTrue(rows.get(1).get("oldest_at") instanceof Instant);
  }

  @Test
  void payload_larger_isCutAndItsLengthTold() throws SQLException {
    db.execute(
        "insert into outbox.message (destination, op, new_row, state) values"
            + " ('crm', 'message', to_json(repeat('<b>\u202e', 50000)), 'failed')");
    String id = all(Selection.ALL, 10).get(0).text("id");
    Row payload = desk.payload(MessageName.of(id), 100).get(0);
    assertEquals(100, payload.text("new_text").length());
    assertEquals(200_002, payload.number("new_characters"));
    assertEquals(null, payload.get("old_text"));
  }

  @Test
  void work_onAllThatMatch_leavesTheOthersAlone() throws SQLException {
    fail("crm", 2500);
    fail("audit", 10);
    List<Long> looked = new ArrayList<>();
    Repair.Outcome outcome =
        desk.act(
            Action.REQUEUE,
            of("crm", null, "customer"),
            (at, done, matching) -> {
              looked.add(at);
              return true;
            });
    assertEquals(new Repair.Outcome(1667, 1667, true), outcome);
    assertEquals(List.of(0L, 1000L, 1667L), looked);
    assertEquals(1667, db.count("select count(*) from outbox.message where state = 'pending'"));
    List<String> some =
        desk.act(
            Action.DISCARD,
            all(of("audit", null, null), 100).stream()
                .map(row -> MessageName.of(row.text("id")))
                .toList());
    assertEquals(10, some.size());
    assertEquals(0, db.count("select count(*) from outbox.failed where destination = 'audit'"));
  }

  @Test
  void pause_ofADestination_isDoneOnceAndOfNoneRefused() throws SQLException {
    assertTrue(desk.pause("crm", true));
    assertFalse(desk.pause("crm", true));
    assertTrue(desk.pause("crm", false));
    Problem none = assertThrows(Problem.class, () -> desk.pause("nobody", true));
    assertEquals(404, none.status());
    assertTrue(none.words().contains("'nobody'"), none.words());
  }

  @Test
  void replay_underWay_isShownWithHowFarItIsAndCancelledOnce() throws SQLException {
    db.execute(
        "update outbox.destination set max_rate = 500, failure_budget = 0.25 where name = 'crm'",
        "create table if not exists orders (id int primary key)",
        "select outbox.capture('orders', 'crm')",
        "insert into orders select generate_series(1, 10)",
        "select outbox.release('orders')",
        "update outbox.message set state = 'delivered'",
        "select outbox_internal.replay_step(outbox_internal.replay_start("
            + "'crm', null, '{orders}', null, null, null, null), 4)",
        "drop table orders");
    Row replay = desk.replays().get(0);
    assertEquals(40, replay.number("percent"));
    assertEquals(4, replay.number("messages"));
    assertTrue(replay.isTrue("moves"));
    assertEquals(List.of("public.orders"), replay.get("tables"));
    assertEquals(null, replay.get("ended_at"));
    long id = Long.parseLong(replay.text("id"));
    assertTrue(desk.cancelReplay(id));
    assertFalse(desk.cancelReplay(id));
    assertEquals(db.user(), desk.replays().get(0).text("cancelled_by"));
    assertEquals(400, assertThrows(Problem.class, () -> desk.cancelReplay(id + 1)).status());
    Row crm = desk.look().get(1);
    assertEquals(500, crm.number("max_rate"));
    assertEquals(25, crm.number("failure_budget_percent"));
    assertEquals(100, crm.number("failure_budget_answers"));
  }

  @Test
  void question_toWhatThereIs_isAnswered() throws SQLException {
    fail("crm", 1);
    db.execute(
        "create table if not exists orders (id int primary key)",
        "select outbox.capture('orders', 'crm')");
    assertEquals("public.orders", desk.captures().get(0).text("source"));
    String id = all(Selection.ALL, 10).get(0).text("id");
    assertFalse(desk.explain(MessageName.of(id)).isEmpty());
    assertTrue(desk.doctor().stream().anyMatch(row -> row.text("check").equals("no relay")));
    db.execute("select outbox.release('orders')");
  }

  /** What the relay's own login may not, the console may not. */
  @Test
  void login_ofARelayAlone_seesAllAndIsToldAtOnceWhatToGrant() throws SQLException {
    String user = "console_" + System.nanoTime();
    db.execute("create role " + user + " login password 'x'", "grant outbox_relay to " + user);
    DatabaseDesk its = new DatabaseDesk(Login.of(db.url(), user, "x"));
    try {
      Problem refused = assertThrows(Problem.class, () -> its.pause("crm", true));
      assertEquals(403, refused.status());
      assertEquals(403, assertThrows(Problem.class, () -> its.cancelReplay(1)).status());
      assertTrue(refused.remedy().contains("grant outbox_operator to \"" + user), refused.remedy());
      for (Action action : Action.values()) {
        Problem early = assertThrows(Problem.class, () -> its.mustBeAllowed(action));
        assertEquals(403, early.status());
        assertTrue(early.remedy().contains("grant outbox_operator to \"" + user), early.remedy());
      }
      fail("crm", 1);
      MessageName failed = MessageName.of(all(Selection.ALL, 10).get(0).text("id"));
      assertEquals(2, its.look().size());
      assertEquals(1, its.failed(Selection.ALL, "", Long.MIN_VALUE, 10).size());
      assertEquals(1, its.count(Selection.ALL));
      assertEquals(1, its.payload(failed, 100).size());
      assertFalse(its.explain(failed).isEmpty());
      assertEquals(List.of(), its.captures());
      assertEquals(List.of(), its.replays());
      assertFalse(its.doctor().isEmpty());
      db.execute("grant outbox_operator to " + user);
      for (Action action : Action.values()) {
        its.mustBeAllowed(action);
      }
      assertTrue(its.pause("crm", true));
    } finally {
      its.rest();
      db.execute("drop role " + user);
    }
  }

  @Test
  void database_thatIsNotThere_isSaidSo() {
    DatabaseDesk none =
        new DatabaseDesk(Login.of("jdbc:postgresql://127.0.0.1:1/none", "nobody", "x"));
    Problem away = assertThrows(Problem.class, none::look);
    assertEquals(503, away.status());
    assertEquals(503, assertThrows(Problem.class, () -> none.count(Selection.ALL)).status());
  }

  /** Written into the table itself: the view would take a trigger for each. */
  @Test
  @Tag("full")
  void failed_aMillion_areShownCountedAndRequeuedUntilStopped() throws SQLException {
    db.execute(
        "insert into outbox.parked (id, xid, created_at, destination, source, op, key, new_row,"
            + " state, attempts, last_error)"
            + " select n, pg_current_xact_id(), clock_timestamp(), d.number, 0, 'm', 'k' || n % 10,"
            + " '{}', 'failed', 3, 'no such customer'"
            + " from generate_series(1, 1000000) n, outbox.destination d where d.name = 'crm'",
        "analyze outbox.parked");
    assertEquals(100, desk.failed(Selection.ALL, "", Long.MIN_VALUE, 100).size());
    assertEquals(1_000_000, desk.count(Selection.ALL));
    Repair.Outcome outcome =
        desk.act(Action.REQUEUE, Selection.ALL, (looked, done, matching) -> looked < 20_000);
    assertEquals(new Repair.Outcome(1_000_000, 20_000, false), outcome);
    assertEquals(980_000, desk.count(Selection.ALL));
    db.execute("truncate outbox.pending, outbox.parked");
  }

  /** However many look: the server counts what it was asked, and here that is far below a page. */
  @Test
  void pages_aThousandOpen_askTheDatabaseAsOne() throws Exception {
    try (TestDatabase own = TestDatabase.create();
        TestDatabase aside = TestDatabase.createEmpty()) {
      own.execute("insert into outbox.destination (name, uri) values ('crm', 'tcp://localhost:1')");
      long before = transactions(own, aside);
      long startNanos = System.nanoTime();
      showThreeTimes(own, 1000);
      long most = 2 * ((System.nanoTime() - startNanos) / 2_000_000_000L + 3) + 100;
      Await.until(
          "the sessions have ended",
          () ->
              aside.count(
                      "select count(*) from pg_stat_activity where datname = '" + own.name() + "'")
                  == 0);
      long asked = transactions(own, aside) - before;
      assertTrue(asked <= most, asked + " transactions, at most " + most);
      assertTrue(asked >= 3, asked + " transactions are counted");
    }
  }

  private static long transactions(TestDatabase of, TestDatabase from) throws SQLException {
    return from.count(
        "select xact_commit + xact_rollback from pg_stat_database where datname = '"
            + of.name()
            + "'");
  }

  /** Each page is shown what there is, and two changes of it. */
  private void showThreeTimes(TestDatabase own, int pages) throws Exception {
    Path tokens = directory.resolve("tokens");
    Files.writeString(tokens, "otto read-only " + OTTO + "\n");
    List<Socket> open = new ArrayList<>();
    try (Console console =
        Console.start(
            new Console.Settings("127.0.0.1", 0, tokens, null, "r", "1", "db"),
            Login.of(own.url(), own.user(), own.password()),
            new Rates())) {
      Visitor visitor = new Visitor(console.port()).in(OTTO);
      for (int n = 0; n < pages; n++) {
        open.add(visitor.send("GET", "/api/events", null));
      }
      for (String shown : List.of("crm", "first", "second")) {
        for (Socket each : open) {
          awaitShown(each, "\"destination\":\"" + shown + "\"");
        }
        String next = shown.equals("crm") ? "first" : "second";
        own.execute(
            "insert into outbox.destination (name, uri) values ('"
                + next
                + "', 'tcp://localhost:1') on conflict do nothing");
      }
    } finally {
      for (Socket each : open) {
        each.close();
      }
    }
  }

  private static void awaitShown(Socket page, String words) throws IOException {
    StringBuilder seen = new StringBuilder();
    byte[] piece = new byte[4096];
    while (seen.indexOf(words) < 0) {
      int length = page.getInputStream().read(piece);
      if (length < 0) {
        throw new IOException("the stream has ended after " + seen);
      }
      seen.append(new String(piece, 0, length, StandardCharsets.ISO_8859_1));
    }
  }
}
