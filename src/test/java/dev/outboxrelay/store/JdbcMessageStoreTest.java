// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.store.DestinationStore.Marked;
import dev.outboxrelay.store.MessageStore.Completion;
import dev.outboxrelay.store.MessageStore.Fate;
import dev.outboxrelay.store.MessageStore.Refused;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Windows, retries and completions on a real table. */
final class JdbcMessageStoreTest {
  private static final Encoding ID = new Encoding(1, c -> new byte[0]);
  private static final Limits LIMITS = new Limits(1000, 1 << 20, 1 << 20);

  private TestDatabase db;
  private Database database;
  private MessageStore store;

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    // Numbers are given out once, as with a destination: who is the first to ask holds others up.
    db.execute("select outbox_internal.destination_number(d) from unnest('{out,other}'::text[]) d");
    database = access(db);
    store = database.messages();
  }

  private static Database access(TestDatabase db) throws SQLException {
    return Database.connect(
        new DatabaseSettings(
            db.url(), db.user(), db.password(), 2, Duration.ofSeconds(5), Duration.ofSeconds(10)));
  }

  @AfterEach
  void tearDown() throws Exception {
    database.close();
    db.close();
  }

  /** A message by what stands in the table now. */
  private Refused refused(long id) throws SQLException {
    return new Refused(
        id,
        db.count(
            "select xid from (select id, xid from outbox.pending union all"
                + " select id, xid from outbox.parked) m where id = "
                + id));
  }

  private static String insert(String key) {
    return "insert into outbox.message (destination, op, key, new_row) values ('out', 'message', '"
        + key
        + "', '{}')";
  }

  private static List<String> keys(Batch batch) {
    return batch.messages().stream().map(Message::gate).map(g -> g == null ? "" : g.key()).toList();
  }

  private Tail tail(String last) throws Exception {
    return store.tail(Map.of("out", ID), last, LIMITS);
  }

  @Test
  void fail_ofOneThatFailedBefore_keepsTheFirstTimeInEitherTable() throws Exception {
    db.execute("insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')");
    long epoch = database.destinations().takeOver("out", "me").epoch();
    db.execute(insert("k"));
    long id = db.count("select id from outbox.message");
    assertTrue(store.fail("out", epoch, refused(id), 1, "no"));
    assertEquals(
        1, db.count("select count(*) from outbox.failed where failed_at = first_failed_at"));
    db.execute("select outbox.requeue(id) from outbox.message");
    assertTrue(store.fail("out", epoch, refused(id), 1, "no"));
    assertEquals(
        1, db.count("select count(*) from outbox.failed where failed_at > first_failed_at"));
    db.execute("select outbox.requeue(id) from outbox.message");
    assertTrue(store.retry("out", epoch, refused(id), 1, 0, "no"));
    assertEquals(0, db.count("select count(failed_at) from outbox.message"));
    assertTrue(store.fail("out", epoch, refused(id), 2, "no"));
    assertEquals(
        1,
        db.count(
            "select count(*) from outbox.failed where failed_at > first_failed_at and requeued = 2"));
  }

  @Test
  void tail_smallerIdCommittedLater_isReadOnce() throws Exception {
    String start = store.snapshot();
    try (Connection slow = db.connect();
        Statement s = slow.createStatement()) {
      slow.setAutoCommit(false);
      s.execute(insert("slow")); // draws the smaller id
      db.execute(insert("quick"));
      Tail first = tail(start);
      assertEquals(List.of("quick"), keys(first.batch()));
      slow.commit();
      Tail second = tail(first.snapshot());
      assertEquals(List.of("slow"), keys(second.batch()));
      assertEquals(List.of(), keys(tail(second.snapshot()).batch()));
    }
  }

  @Test
  void page_committedAfterTheSnapshot_isNotInIt() throws Exception {
    try (Connection slow = db.connect();
        Statement s = slow.createStatement()) {
      slow.setAutoCommit(false);
      s.execute(insert("slow"));
      db.execute(insert("quick"));
      String snapshot = store.snapshot();
      slow.commit();
      assertEquals(List.of("quick"), keys(store.page("out", 0, null, snapshot, LIMITS, ID)));
      assertEquals(List.of("slow"), keys(tail(snapshot).batch()));
      assertEquals(
          List.of("slow"), keys(store.page("out", 0, snapshot, store.snapshot(), LIMITS, ID)));
    }
  }

  @Test
  void tail_moreThanTheLimit_overflowsAndTellsWhereToPage() throws Exception {
    String start = store.snapshot();
    db.execute(
        "insert into outbox.message (destination, op, key, new_row) select 'out', 'message', g, '{}' from generate_series(1, 1001) g");
    Tail tail = tail(start);
    assertTrue(tail.overflow());
    long first = store.firstIds(Set.of("out", "other"), start, tail.snapshot()).get("out");
    Batch page = store.page("out", first - 1, start, tail.snapshot(), LIMITS, ID);
    assertEquals(1000, page.messages().size());
    assertTrue(page.more());
    Batch rest = store.page("out", page.lastId(), start, tail.snapshot(), LIMITS, ID);
    assertEquals(1, rest.messages().size());
    assertFalse(rest.more());
  }

  @Test
  void page_bytesOverTheBudget_isCutButNeverEmpty() throws Exception {
    db.execute(
        "insert into outbox.message (destination, op, key, new_row)"
            + " select 'out', 'message', g, to_json(repeat('x', 100000)) from generate_series(1, 5) g");
    Limits small = new Limits(1000, 150_000, 1 << 20);
    Batch two = store.page("out", 0, null, store.snapshot(), small, ID);
    assertEquals(List.of("1", "2"), keys(two));
    assertTrue(two.more());
    Limits tiny = new Limits(1000, 1, 1 << 20);
    assertEquals(
        List.of("3"), keys(store.page("out", two.lastId(), null, store.snapshot(), tiny, ID)));
  }

  @Test
  void page_rowOverTheMessageLimit_isNotFetched() throws Exception {
    db.execute(
        "insert into outbox.message (destination, op, key, new_row) values ('out', 'message', 'big', to_json(repeat('x', 5000)))");
    Message big =
        store
            .page("out", 0, null, store.snapshot(), new Limits(10, 1000, 1000), ID)
            .messages()
            .get(0);
    assertTrue(big.tooLarge());
    assertTrue(big.rowBytes() >= 5000);
  }

  @Test
  void page_keysOverTheBudget_isCutLikeAnyOther() throws Exception {
    db.execute(
        "insert into outbox.message (destination, op, key, type, new_row)"
            + " select 'out', 'message', repeat(g::text, 60000), repeat('t', 40000), '{}' from generate_series(1, 5) g");
    Limits small = new Limits(1000, 150_000, 1 << 20);
    Batch two = store.page("out", 0, null, store.snapshot(), small, ID);
    assertEquals(2, two.messages().size());
    assertTrue(two.more());
    Message tooLarge =
        store
            .page("out", 0, null, store.snapshot(), new Limits(10, 1000, 1000), ID)
            .messages()
            .get(0);
    assertTrue(tooLarge.tooLarge());
    assertEquals(two.messages().get(0).gate(), tooLarge.gate());
    assertTrue(keys(two).get(0).length() <= 200);
  }

  /** A defect that one message brings about must not stop all others. */
  @Test
  void message_thatItsFormatFailsAt_isUnreadableAndItsNeighboursAreNot() throws Exception {
    db.execute(
        "insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')",
        insert("1"),
        insert("2"),
        insert("3"),
        insert("4"));
    Encoding encoding =
        new Encoding(
            1,
            c -> {
              if ("2".equals(c.key())) {
                throw new IllegalStateException("this one");
              }
              if ("3".equals(c.key())) {
                throw new StackOverflowError();
              }
              return new byte[1];
            });
    List<Message> all = store.page("out", 0, null, store.snapshot(), LIMITS, encoding).messages();
    assertEquals(
        List.of(true, false, false, true),
        all.stream().map(message -> message.unreadable() == null).toList());
    assertTrue(String.valueOf(all.get(2).unreadable()).contains("StackOverflowError"));
  }

  @Test
  void key_large_isWrittenInFullAndHeldByItsHash() throws Exception {
    String large = "é".repeat(1000);
    db.execute(
        "insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')",
        insert(large),
        insert(large + "!"),
        insert(large));
    long epoch = database.destinations().takeOver("out", "me").epoch();
    List<String> written = new ArrayList<>();
    Encoding encoding =
        new Encoding(
            1,
            c -> {
              written.add(c.key());
              return new byte[0];
            });
    List<Message> all = store.page("out", 0, null, store.snapshot(), LIMITS, encoding).messages();
    assertEquals(List.of(large, large + "!", large), written);
    assertEquals(all.get(0).gate(), all.get(2).gate());
    assertNotEquals(all.get(0).gate(), all.get(1).gate());
    Gate gate = all.get(0).gate();
    store.retry("out", epoch, refused(all.get(0).id()), 1, 60_000, "no");
    store.hold("out", epoch, List.of(all.get(1).id(), all.get(2).id()));
    assertEquals(
        List.of(all.get(2).id()),
        store.held("out", gate, LIMITS, ID).messages().stream().map(Message::id).toList());
    assertTrue(
        store
            .parked("out", false, 10)
            .contains(new Parked(gate, List.of(all.get(0).id()), all.get(2).id())));
  }

  @Test
  void retry_untilDue_isShownByTimeOnly() throws Exception {
    db.execute(insert("a"));
    String snapshot = store.snapshot();
    long id = store.page("out", 0, null, snapshot, LIMITS, ID).messages().get(0).id();
    db.execute("insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')");
    long epoch = database.destinations().takeOver("out", "me").epoch();
    store.retry("out", epoch, refused(id), 1, 60_000, "no");
    Batch none = store.due("out", false, Set.of(), LIMITS, ID);
    assertEquals(List.of(), none.messages());
    assertTrue(none.nextDueMillis().get("out") > 50_000);
    store.retry("out", epoch, refused(id), 2, 0, "no");
    Message due = store.due("out", false, Set.of(), LIMITS, ID).messages().get(0);
    assertTrue(due.refused());
    assertEquals(2, due.attempts());
    assertEquals(List.of(), store.due("out", false, Set.of(id), LIMITS, ID).messages());
    assertEquals(
        List.of(new Parked(new Gate(0, "a"), List.of(id), 0)), store.parked("out", false, 10));
  }

  @Test
  void error_ofAnyCharacters_isStored() throws Exception {
    db.execute(
        "insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')", insert("a"));
    long epoch = database.destinations().takeOver("out", "me").epoch();
    long id = db.count("select id from outbox.message");
    store.retry("out", epoch, refused(id), 1, 0, "a\0b\ud83d");
    assertEquals(List.of("ab"), db.query("select last_error from outbox.message"));
    store.fail("out", epoch, refused(id), 2, "c\0d".repeat(1000));
    assertEquals(1000, db.count("select length(last_error) from outbox.message"));
    database.destinations().report("out", true, "e\0f");
    assertEquals(List.of("ef"), db.query("select last_error from outbox.status"));
  }

  /** What a database's encoding has no character for is no reason to try for ever. */
  @Test
  void error_thatTheEncodingHasNotGot_isStoredWithoutIt() throws Exception {
    try (TestDatabase latin =
            TestDatabase.createWithLocale("encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'");
        Database access = access(latin)) {
      latin.execute(
          "insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')", insert("a"));
      long epoch = access.destinations().takeOver("out", "caf\u00e9 \u65e5").epoch();
      long id = latin.count("select id from outbox.message");
      Refused message = new Refused(id, latin.count("select xid from outbox.message"));
      assertTrue(access.messages().retry("out", epoch, message, 1, 0, "nicht \u65e5\u672c"));
      assertEquals(List.of("nicht ??"), latin.query("select last_error from outbox.message"));
      assertTrue(access.messages().fail("out", epoch, message, 2, "caf\u00e9"));
      assertEquals(List.of("caf\u00e9"), latin.query("select last_error from outbox.message"));
      access.destinations().report("out", true, "\u65e5");
      assertEquals(
          List.of("caf? ? ?"),
          latin.query("select owner || ' ' || last_error from outbox.destination_state"));
    }
  }

  @Test
  void trouble_thatIsOver_takesItsOwnWordsBackAlone() throws Exception {
    db.execute("insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')");
    DestinationStore destinations = database.destinations();
    destinations.takeOver("out", "me").epoch();
    destinations.tellTrouble("out", "cannot read");
    destinations.report("out", false, "cannot connect");
    destinations.endTrouble("out", "cannot read");
    String error = "select last_error || ' ' || (last_error_at is not null) from outbox.status";
    assertEquals(List.of("cannot connect true"), db.query(error));
    destinations.tellTrouble("out", "cannot read");
    assertEquals(List.of("cannot read true"), db.query(error));
    destinations.endTrouble("out", "cannot read");
    assertEquals(
        List.of(""), db.query("select concat(last_error, last_error_at) from outbox.status"));
  }

  @Test
  void stateChange_epochIsOver_isWithoutEffect() throws Exception {
    db.execute(
        "insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')", insert("a"));
    long epoch = database.destinations().takeOver("out", "one").epoch();
    long next = database.destinations().takeOver("out", "two").epoch();
    long id = db.count("select id from outbox.message");
    assertThrows(Replaced.class, () -> store.retry("out", epoch, refused(id), 1, 0, "no"));
    assertThrows(Replaced.class, () -> store.fail("out", epoch, refused(id), 1, "no"));
    assertThrows(Replaced.class, () -> store.hold("out", epoch, List.of(id)));
    assertEquals(List.of("pending"), db.query("select state from outbox.message"));
    store.fail("out", next, refused(id), 1, "no");
    assertEquals(List.of("failed"), db.query("select state from outbox.message"));
  }

  /** Whatever a person has done meanwhile is not undone. */
  @Test
  void stateChange_personCameFirst_isWithoutEffect() throws Exception {
    db.execute(
        "insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')",
        insert("requeued"),
        insert("aside"));
    long epoch = database.destinations().takeOver("out", "me").epoch();
    long requeued = db.count("select min(id) from outbox.message");
    Refused before = refused(requeued);
    Refused aside = refused(requeued + 1);
    db.execute(
        "update outbox.message set state = 'failed'", "select outbox.requeue(" + requeued + ")");
    for (Refused message : List.of(before, aside)) {
      assertFalse(store.retry("out", epoch, message, 4, 0, "no"));
      assertFalse(store.fail("out", epoch, message, 4, "no"));
    }
    assertEquals(
        List.of("pending 0", "failed 0"),
        db.query("select state || ' ' || attempts from outbox.message order by id"));
    assertTrue(store.retry("out", epoch, refused(requeued), 1, 0, "no"));
  }

  @Test
  void fates_ofMessages_tellWhatAPersonHasDone() throws Exception {
    db.execute(
        insert("owed"),
        insert("gone"),
        insert("aside"),
        insert("delivered"),
        insert("later"),
        insert("due"),
        "delete from outbox.message where key = 'gone'",
        "update outbox.message set state = 'failed' where key = 'aside'",
        "update outbox.message set state = 'delivered' where key = 'delivered'",
        "update outbox.message set due_at = now() + interval '1 hour' where key = 'later'",
        "update outbox.message set due_at = now() where key = 'due'");
    long first = db.count("select id from outbox.message where key = 'owed'");
    assertEquals(
        Map.of(
            first + 1, Fate.GONE,
            first + 2, Fate.ASIDE,
            first + 3, Fate.DELIVERED,
            first + 4, Fate.LATER),
        store.fates("out", LongStream.range(first, first + 6).boxed().toList()));
  }

  /** A statement that waited would outlive its relay, and the next one would wait for the fence. */
  @Test
  void stateChange_rowIsLocked_waitsForNobodyAndHoldsUpNoTakeOver() throws Exception {
    db.execute(
        "insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')",
        insert("a"),
        insert("b"));
    long epoch = database.destinations().takeOver("out", "one").epoch();
    long id = db.count("select min(id) from outbox.message");
    try (Connection person = db.connect();
        Statement s = person.createStatement()) {
      person.setAutoCommit(false);
      s.execute("select from outbox.pending where id = " + id + " for update");
      assertTimeoutPreemptively(
          Duration.ofSeconds(20),
          () -> {
            assertThrows(
                SQLException.class, () -> store.retry("out", epoch, refused(id), 1, 0, "no"));
            assertThrows(SQLException.class, () -> store.fail("out", epoch, refused(id), 1, "no"));
            assertEquals(Set.of(id), store.hold("out", epoch, List.of(id, id + 1)));
            assertTrue(database.destinations().takeOver("out", "two").epoch() > epoch);
          });
    }
    assertThrows(Replaced.class, () -> store.retry("out", epoch, refused(id), 1, 0, "no"));
    assertEquals(
        List.of("pending", "pending"), db.query("select state from outbox.message order by id"));
  }

  @Test
  void complete_exactIds_othersStay() throws Exception {
    db.execute(insert("a"), insert("b"), insert("c"));
    List<Long> ids =
        store.page("out", 0, null, store.snapshot(), LIMITS, ID).messages().stream()
            .map(Message::id)
            .toList();
    assertEquals(
        2, store.complete(Map.of("out", List.of(ids.get(0), ids.get(2), 999L)), Map.of()).found());
    assertEquals(List.of("b"), db.query("select key from outbox.message"));
    assertEquals(1, keep(ids.get(1)));
    assertEquals(List.of("delivered"), db.query("select state from outbox.message"));
  }

  /** It goes from one table to the other while the completion looks in both, one by one. */
  @ParameterizedTest
  @ValueSource(strings = {"out", "several"})
  void complete_requeuedMeanwhile_isGoneOrToldOf(String which) throws Exception {
    Set<Long> gone = new HashSet<>();
    for (int round = 1; round <= 5; round++) {
      long id = round;
      db.execute(
          "insert into outbox.message (id, destination, op, state, attempts, due_at, new_row)"
              + " values (%d, 'out', 'message', 'retry', 1, now(), '{}')".formatted(id));
      Map<String, List<Long>> ids =
          which.equals("out")
              ? Map.of("out", List.of(id))
              : Map.of("out", List.of(id), "other", List.of(1000L));
      try (Connection person = db.connect();
          Statement s = person.createStatement()) {
        person.setAutoCommit(false);
        s.execute("select outbox.requeue(" + id + ")");
        CompletableFuture<Completion> completed =
            CompletableFuture.supplyAsync(
                () -> {
                  try {
                    return store.complete(ids, Map.of());
                  } catch (SQLException e) {
                    throw new CompletionException(e);
                  }
                });
        Await.until(
            "it waits, or has waited",
            () ->
                completed.isDone()
                    || db.count("select count(*) from pg_locks where not granted") > 0);
        person.commit();
        if (!completed.get(10, TimeUnit.SECONDS).left().contains(id)) {
          gone.add(id);
        }
      }
    }
    assertEquals(
        List.of(),
        db.query("select id from outbox.message").stream()
            .filter(id -> gone.contains(Long.valueOf(id)))
            .toList());
  }

  private int keep(long id) throws Exception {
    Map<String, Set<Long>> kept = Map.of("out", Set.of(refused(id).xid()));
    return store.complete(Map.of("out", List.of(id)), kept).found();
  }

  /** An answer that was lost has the completion repeated, and a person may have come in between. */
  @Test
  void complete_keptAndMadeOwedAgain_leavesWhatIsOwed() throws Exception {
    db.execute(
        "insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')", insert("a"));
    long id = db.count("select id from outbox.message");
    Map<String, List<Long>> ids = Map.of("out", List.of(id));
    Map<String, Set<Long>> delivered = Map.of("out", Set.of(refused(id).xid()));
    assertEquals(1, store.complete(ids, delivered).found());
    assertEquals(0, store.complete(ids, delivered).found());
    db.execute("select outbox.requeue(" + id + ")");
    assertEquals(new Completion(0, Set.of()), store.complete(ids, delivered));
    assertEquals(List.of("pending"), db.query("select state from outbox.message"));
    assertEquals(1, keep(id));
  }

  /** The sequence has gone back: the number is that of a message which is kept for people only. */
  @Test
  void stateChange_numberOfAKeptMessage_takesItsPlace() throws Exception {
    db.execute(
        "insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')",
        "insert into outbox.message (id, destination, op, key, new_row, state, delivered_at)"
            + " select g, 'out', 'message', 'old', '{}', 'delivered', now()"
            + " from generate_series(1, 6) g",
        "insert into outbox.message (id, destination, op, key, new_row)"
            + " select g, 'out', 'message', 'new', '{}' from generate_series(1, 5) g");
    long epoch = database.destinations().takeOver("out", "me").epoch();
    assertTrue(store.retry("out", epoch, pending(1), 1, 60_000, "no"));
    assertTrue(store.fail("out", epoch, pending(2), 1, "no"));
    assertEquals(Set.of(), store.hold("out", epoch, List.of(3L, 4L)));
    assertEquals(
        1,
        store
            .complete(Map.of("out", List.of(5L)), Map.of("out", Set.of(pending(5).xid())))
            .found());
    assertEquals(
        List.of(
            "1 new retry",
            "2 new failed",
            "3 new held",
            "4 new held",
            "5 new delivered",
            "6 old delivered"),
        db.query("select concat_ws(' ', id, key, state) from outbox.message order by id"));
  }

  /** It is delivered: it goes, and is not kept. The other is as it was. */
  @Test
  void complete_numberOfAMessageThatIsSetAside_isNotKept() throws Exception {
    db.execute(
        "insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')",
        "insert into outbox.message (id, destination, op, key, new_row, state)"
            + " values (1, 'out', 'message', 'old', '{}', 'failed')",
        "insert into outbox.message (id, destination, op, key, new_row)"
            + " select g, 'out', 'message', 'new', '{}' from generate_series(1, 2) g");
    Map<String, Set<Long>> keep = Map.of("out", Set.of(pending(1).xid()));
    assertEquals(2, store.complete(Map.of("out", List.of(1L, 2L)), keep).found());
    assertEquals(
        List.of("1 old failed", "2 new delivered"),
        db.query("select concat_ws(' ', id, key, state) from outbox.message order by id"));
  }

  private Refused pending(long id) throws SQLException {
    return new Refused(id, db.count("select xid from outbox.pending where id = " + id));
  }

  @Test
  void purge_keptLongEnough_onlyDeliveredGo() throws Exception {
    db.execute(
        "insert into outbox.destination (name, uri, keep_delivered) values ('out', 'tcp://h:1', '1 hour')",
        insert("old"),
        insert("young"),
        insert("owed"),
        "update outbox.message set state = 'delivered', delivered_at = now() - interval '2 hours' where key = 'old'",
        "update outbox.message set state = 'delivered', delivered_at = now() where key = 'young'");
    assertEquals(1, store.purge(100, Map.of()).rows());
    assertEquals(List.of("young", "owed"), db.query("select key from outbox.message order by id"));
  }

  @Test
  void purge_destinationRenamed_findsItsRowsStill() throws Exception {
    db.execute(
        "insert into outbox.destination (name, uri, keep_delivered) values ('out', 'tcp://h:1', '1 hour')",
        insert("old"),
        insert("young"),
        "update outbox.message set state = 'delivered', delivered_at = now() - interval '2 hours' where key = 'old'",
        "update outbox.message set state = 'delivered', delivered_at = now() where key = 'young'",
        "update outbox.destination set name = 'renamed'");
    assertEquals(1, store.purge(100, Map.of()).rows());
    assertEquals(
        List.of("young renamed"), db.query("select key || ' ' || destination from outbox.message"));
  }

  /** Whatever the writer of messages chokes on, the others are read. */
  @Test
  void row_thatCannotBeWrittenAsAMessage_isShownAsUnreadableAlone() throws Exception {
    db.execute(insert("a"), insert("b"), insert("c"));
    Encoding choking =
        new Encoding(
            1,
            change -> {
              if ("b".equals(change.key())) {
                throw new IllegalStateException("no such thing");
              }
              return new byte[] {1};
            });
    List<Message> messages =
        store.page("out", 0, null, store.snapshot(), LIMITS, choking).messages();
    assertEquals(
        List.of("a 1 fine", "b 0 unreadable", "c 1 fine"),
        messages.stream()
            .map(
                m ->
                    m.gate().key()
                        + " "
                        + m.body().length
                        + (m.unreadable() == null ? " fine" : " unreadable"))
            .toList());
    assertTrue(messages.get(1).unreadable().contains("no such thing"));
  }

  /** Takes a piece out of every value that is stored outside its row. */
  private void damage() throws SQLException {
    String toast =
        db.query("select reltoastrelid from pg_class where oid = 'outbox.pending'::regclass")
            .get(0);
    db.execute(
        "update pg_class set relkind = 'r' where oid = " + toast,
        "delete from pg_toast.pg_toast_"
            + db.query("select 'outbox.pending'::regclass::oid").get(0)
            + " where chunk_seq = 3",
        "update pg_class set relkind = 't' where oid = " + toast);
  }

  /** Values outside the row are lost: what a damaged disk leaves. */
  @Test
  void row_whoseValuesAreDamaged_isShownAsUnreadableAlone() throws Exception {
    db.execute(insert("a"), insert("b"), insert("c"));
    db.execute("update outbox.pending set new_row = to_json(repeat('x', 100000)) where key = 'b'");
    damage();
    String snapshot = store.snapshot();
    List<Batch> reads =
        List.of(
            store.page("out", 0, null, snapshot, LIMITS, ID),
            store.page("out", 0, null, snapshot, new Limits(10, 100, 1 << 20), ID),
            store.tail(Map.of("out", ID), "1:1:", LIMITS).batch());
    for (Batch batch : List.of(reads.get(0), reads.get(2))) {
      assertEquals(List.of("a", "b", "c"), keys(batch));
      String words = batch.messages().get(1).unreadable();
      assertTrue(words.contains("chunk number") && words.contains("XX001"), words);
      assertNull(batch.messages().get(0).unreadable());
    }
    assertEquals(List.of("a", "b"), keys(reads.get(1)), "cut at the budget all the same");
    assertTrue(reads.get(1).more());

    db.execute("insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')");
    long epoch = database.destinations().takeOver("out", "me").epoch();
    assertTrue(
        store.fail("out", epoch, refused(reads.get(0).messages().get(1).id()), 0, "damaged"));
    assertEquals(List.of("a", "c"), keys(store.page("out", 0, null, store.snapshot(), LIMITS, ID)));
    db.execute("select outbox.discard_failed()");
    assertEquals(2, db.count("select count(*) from outbox.message"));
  }

  @Test
  void row_whoseKeyIsDamaged_isSetAsideWithoutIt() throws Exception {
    db.execute(insert("a"), insert("b"), insert("c"));
    db.execute(
        "update outbox.pending set key = (select string_agg(md5(g::text), '')"
            + " from generate_series(1, 1000) g) where key = 'b'");
    damage();
    Batch batch = store.page("out", 0, null, store.snapshot(), LIMITS, ID);
    Message damaged = batch.messages().get(1);
    assertNull(damaged.gate());
    assertTrue(damaged.unreadable().contains("XX001"), damaged.unreadable());

    db.execute("insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')");
    long epoch = database.destinations().takeOver("out", "me").epoch();
    assertTrue(store.fail("out", epoch, refused(damaged.id()), 0, damaged.unreadable()));
    assertEquals(List.of("a", "c"), keys(store.page("out", 0, null, store.snapshot(), LIMITS, ID)));
    assertEquals(
        List.of("t"),
        db.query("select key is null and last_error like '%XX001%' from outbox.failed"));
  }

  @Test
  void takeOver_rowsFromTheFuture_becomeVisible() throws Exception {
    db.execute(
        "insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')",
        insert("restored"));
    db.execute(
        "set session_replication_role = replica", // as pg_restore with --disable-triggers
        "update outbox.pending set xid = '99999999999'");
    assertEquals(List.of(), keys(store.page("out", 0, null, store.snapshot(), LIMITS, ID)));
    long epoch = database.destinations().takeOver("out", "me").epoch();
    assertEquals(
        List.of("restored"), keys(store.page("out", 0, null, store.snapshot(), LIMITS, ID)));
    assertTrue(database.destinations().takeOver("out", "me").epoch() > epoch);
    assertEquals(0, database.destinations().takeOver("gone", "me").epoch());
  }

  private static final Mark MARK = new Mark("5:9:6,7", 42, List.of(3L, 8L));

  private @Nullable Mark markAfter(String... changes) throws Exception {
    DestinationStore destinations = database.destinations();
    long epoch = destinations.takeOver("out", "me").epoch();
    destinations.mark(List.of(new Marked("out", epoch, MARK)));
    db.execute(changes);
    return database.destinations().takeOver("out", "me").mark();
  }

  @Test
  void mark_takenOver_isAsItWasWritten() throws Exception {
    db.execute("insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')");
    assertNull(database.destinations().takeOver("out", "me").mark());
    assertEquals(MARK, markAfter());
    DestinationStore destinations = database.destinations();
    destinations.mark(List.of(new Marked("out", 1, new Mark("1:1:", 1, List.of()))));
    assertEquals(MARK, destinations.takeOver("out", "me").mark(), "of an epoch that is over");
    long epoch = destinations.takeOver("out", "me").epoch();
    destinations.mark(List.of(new Marked("out", epoch, null)));
    assertNull(destinations.takeOver("out", "me").mark());
  }

  /** Its snapshot says nothing of the transactions that are here. */
  @Test
  void mark_ofAnotherClusterOrDestination_isNoMark() throws Exception {
    db.execute("insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')");
    String change = "update outbox.destination_state set ";
    assertNull(markAfter(change + "mark_cluster = mark_cluster + 1"), "another cluster");
    assertNull(markAfter(change + "mark_cluster = null"), "of a cluster that nobody knew");
    assertNull(markAfter(change + "mark_snapshot = '5:99999999999:'"), "of the future");
    assertNull(
        markAfter(
            "update outbox.destination set name = 'renamed'",
            "update outbox.destination set name = 'out'"),
        "renamed");
    assertNull(
        markAfter(
            "delete from outbox.destination",
            "insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')"),
        "made anew");
    assertEquals(MARK, markAfter(change + "last_error = 'no'"));
  }

  /** A standby that has not heard of the last take-overs must not give their epochs out again. */
  @Test
  void takeOver_whoseStateWasLostOrSetBack_hasAGreaterEpochAllTheSame() throws Exception {
    db.execute("insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')");
    long first = database.destinations().takeOver("out", "me").epoch();
    long second = database.destinations().takeOver("out", "me").epoch();
    assertTrue(second > first);
    assertEquals(
        List.of("t"),
        db.query("select extract(epoch from clock_timestamp()) - %d < 60".formatted(first)));
    for (String back :
        List.of(
            "update outbox.destination_state set epoch = 1",
            "delete from outbox.destination_state",
            "delete from outbox.destination")) {
      // The clock has gone on by then.
      db.execute(back);
      db.execute(
          "insert into outbox.destination (name, uri) values ('out', 'tcp://h:1')"
              + " on conflict do nothing",
          "select pg_sleep_until(to_timestamp(%d))".formatted(second + 1));
      assertTrue(database.destinations().takeOver("out", "me").epoch() > second, back);
    }
    db.execute("update outbox.destination_state set epoch = 99999999999");
    assertEquals(100_000_000_000L, database.destinations().takeOver("out", "me").epoch());
  }

  @Test
  void lockSession_ownershipAndSleep_excludeOthers() throws Exception {
    try (LockSession one = database.openLockSession();
        LockSession two = database.openLockSession()) {
      assertEquals(Set.of(1, 2), one.tryOwn(List.of(1, 2)));
      assertEquals(Set.of(3), two.tryOwn(List.of(2, 3)));
      LockSession.View view = one.look(true);
      assertEquals(2, view.relays());
      assertEquals(Set.of(1, 2, 3), view.owned());
      one.disown(List.of(2));
      assertEquals(Set.of(2), two.tryOwn(List.of(2)));

      try (Connection writer = db.connect();
          Statement s = writer.createStatement()) {
        writer.setAutoCommit(false);
        s.execute("select pg_try_advisory_xact_lock_shared(7021001, 9)");
        assertEquals(Set.of(8), one.trySleep(List.of(8, 9)));
        writer.commit();
        assertEquals(Set.of(9), one.trySleep(List.of(9)));
      }
    }
  }

  @Test
  void complete_severalDestinations_deletesExactPairsAndKeepsWhatIsKept() throws Exception {
    db.execute(
        "insert into outbox.message (destination, op, new_row)"
            + " select d, 'message', '{}' from unnest('{a,b,b,kept}'::text[]) d");
    List<Long> ids = new ArrayList<>();
    try (Connection c = db.connect();
        Statement s = c.createStatement();
        ResultSet r = s.executeQuery("select id from outbox.message order by id")) {
      while (r.next()) {
        ids.add(r.getLong(1));
      }
    }
    int done =
        store
            .complete(
                Map.of(
                    "a", List.of(ids.get(0), ids.get(2)), // the second is not a's
                    "b", List.of(ids.get(1)),
                    "kept", List.of(ids.get(3))),
                Map.of("kept", Set.of(refused(ids.get(3)).xid())))
            .found();
    assertEquals(3, done);
    assertEquals(
        List.of("b pending", "kept delivered"),
        db.query("select destination || ' ' || state from outbox.message order by id"));
  }

  @Test
  void nextDue_severalDestinations_tellsOfThoseWithADueTime() throws Exception {
    db.execute(
        "insert into outbox.message (destination, op, new_row, due_at) values"
            + " ('past', 'message', '{}', now() - interval '1 hour'),"
            + " ('later', 'message', '{}', now() + interval '2 hours'),"
            + " ('later', 'message', '{}', now() + interval '1 hour'),"
            + " ('never', 'message', '{}', null)");
    Map<String, Long> next = store.nextDueMillis(List.of("past", "later", "never", "none"));
    assertEquals(Set.of("past", "later"), next.keySet());
    assertEquals(0, next.get("past"));
    long minutes = Duration.ofMillis(next.get("later")).toMinutes();
    assertTrue(minutes >= 50 && minutes <= 60, minutes + " minutes");
  }
}
