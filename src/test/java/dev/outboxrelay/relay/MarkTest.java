// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.BelowMarks;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.testing.Wire;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Starts and sweeps from marks: what was delivered is not walked over, and nothing that is owed is
 * passed over, whatever happened while no relay was there.
 */
final class MarkTest {
  /** As long as a name may be, so that few rows make a large index. */
  private static final String OUT = "d".repeat(63);

  private static final Reply LATER = Reply.nackFor(Duration.ofHours(1));

  private final List<Integer> arrived = new CopyOnWriteArrayList<>();
  private final AtomicInteger missed = new AtomicInteger();
  private final AtomicInteger passedOver = new AtomicInteger();
  private final RelayEvents events =
      new RelayEvents() {
        @Override
        public void missed(String destination, int messages) {
          missed.addAndGet(messages);
        }

        @Override
        public void passedOver(String destination, int messages) {
          passedOver.addAndGet(messages);
        }
      };

  /** What the receiver does about a message, by its number; others are acknowledged. */
  private final Map<Integer, Reply> replies = new ConcurrentHashMap<>();

  private TestDatabase db;
  private ScriptedReceiver receiver;

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    receiver = ScriptedReceiver.startKeepingNothing(line -> reply(line.text()));
    db.execute(
        "alter table outbox.pending set (autovacuum_enabled = off)",
        "insert into outbox.destination (name, uri) values ('%s', '%s')"
            .formatted(OUT, receiver.uri()));
  }

  private Reply reply(String line) {
    int number = Wire.parse(line).path("new").path("n").asInt();
    Reply reply = replies.getOrDefault(number, Reply.ack());
    if (reply != LATER) {
      arrived.add(number);
    }
    return reply;
  }

  @AfterEach
  void tearDown() throws Exception {
    receiver.close();
    db.close();
  }

  /** A stop waits for nothing that a person holds. */
  private RelayConfig config(Duration sweep, int pageSize) {
    RelayConfig c = RunningRelay.config(db, "test");
    return new RelayConfig(
        c.database(),
        c.name(),
        sweep,
        c.poll(),
        pageSize,
        c.memoryBytes(),
        c.maxMessageBytes(),
        Duration.ofSeconds(1));
  }

  private RunningRelay relay(Duration sweep) {
    return RunningRelay.startAmongSilentWriters(config(sweep, 1000), events);
  }

  private RunningRelay sweepingAmongRestoredRows() {
    return RunningRelay.startAmongRestoredRows(config(Duration.ofSeconds(1), 1000), events);
  }

  /** Sweeps each second. */
  private RunningRelay sweeping() {
    return relay(Duration.ofSeconds(1));
  }

  /** What its start has not found, no sweep finds. */
  private RunningRelay starting() {
    return relay(Duration.ofHours(1));
  }

  private long publish(int number, String key, String deliverAt) throws Exception {
    return db.count(
        "select outbox.publish('%s', json_build_object('n', %d), %s, deliver_at => %s)"
            .formatted(OUT, number, key, deliverAt));
  }

  private long publish(int number) throws Exception {
    return publish(number, "null", "null");
  }

  private void await(int number) throws Exception {
    Await.until("message " + number, () -> arrived.contains(number));
  }

  private void awaitState(long id, String state) throws Exception {
    Await.until(
        state,
        () ->
            db.count(
                    "select count(*) from outbox.message where id = %d and state = '%s'"
                        .formatted(id, state))
                == 1);
  }

  /**
   * A relay comes, delivers what there is, writes a mark above all of it at its first sweep, and
   * goes; should the sweep have been too early, the next one comes.
   *
   * @param earlier what it cannot take off the table
   */
  private void mark(long... earlier) throws Exception {
    AtomicInteger number = new AtomicInteger(1000);
    Await.until(
        "marked",
        () -> {
          db.execute("update outbox.destination_state set mark_snapshot = null");
          long id = publish(number.incrementAndGet());
          try (RunningRelay relay = sweeping()) {
            await(number.get());
            Await.until("any mark", () -> db.count(BelowMarks.MARKED) > 0);
          }
          return db.count(
                  "select count(*) from outbox.destination_state where mark_first_id > %d"
                          .formatted(id)
                      + " and mark_earlier = array%s::bigint[]".formatted(Arrays.toString(earlier)))
              > 0;
        });
    assertEquals(0, db.count(BelowMarks.COUNT));
    assertEquals(0, missed.get());
  }

  /** Blocks of the indexes that were looked at, by sessions that have ended. */
  private long indexBlocks() throws Exception {
    Await.until(
        "the relay's sessions have ended",
        () ->
            db.count(
                    "select count(*) from pg_stat_activity where datname = current_database()"
                        + " and application_name like 'outbox-relay%'")
                == 0);
    return db.count(
        "select coalesce(sum(idx_blks_hit + idx_blks_read), 0)::bigint"
            + " from pg_statio_all_tables where relid = 'outbox.pending'::regclass");
  }

  /** Reads by an index, by sessions that have ended. */
  private long indexScans() throws Exception {
    return db.count(
        "select idx_scan from pg_stat_all_tables where relid = 'outbox.pending'::regclass");
  }

  @Test
  void startAndSweeps_afterManyDeliveries_doNotWalkOverThem() throws Exception {
    try (Connection reader = db.connect();
        Statement snapshot = reader.createStatement()) {
      reader.setAutoCommit(false);
      snapshot.execute("set transaction isolation level repeatable read; select 1");
      db.execute(
          "insert into outbox.message (destination, op, new_row)"
              + " select '%s', 'message', '{}' from generate_series(1, 60000)".formatted(OUT),
          "delete from outbox.message");
      mark();
      long before = indexBlocks();
      long scans = indexScans();
      try (RunningRelay relay = sweeping();
          Connection silent = db.connect();
          Statement publish = silent.createStatement()) {
        publish.execute("set outbox.notify = off");
        for (int sweep = 1; sweep <= 3; sweep++) {
          publish.execute(
              "select outbox.publish('%s', json_build_object('n', %d))".formatted(OUT, sweep));
          await(sweep);
        }
      }
      long blocks = indexBlocks() - before;
      long reads = indexScans() - scans;
      // One walk over the dead rows alone takes more than 700. On a slow machine more sweeps come.
      assertTrue(blocks < 500 + 5 * reads, blocks + " blocks of the indexes, " + reads + " reads");
    }
  }

  private void prepare(int number, String name) throws Exception {
    db.execute(
        "begin; set local outbox.notify = off;"
            + " select outbox.publish('%s', json_build_object('n', %d));".formatted(OUT, number)
            + " prepare transaction '%s'".formatted(name));
  }

  private static String toOut(int number) {
    return "update outbox.message set destination = '%s' where new_row ->> 'n' = '%d'"
        .formatted(OUT, number);
  }

  private static String timed(long id, String time) {
    return "update outbox.message set due_at = %s where id = %d".formatted(time, id);
  }

  /** Each has a small id: refused, under way, due later or of another destination meanwhile. */
  @Test
  void messages_owedSinceAndBelowTheMark_arriveAtTheStart() throws Exception {
    replies.put(1, Reply.nackForGood("no"));
    try (RunningRelay relay = starting()) {
      awaitState(publish(1), "failed");
    }
    prepare(2, "mark");
    long dueByTheClock = publish(3, "null", "now() + interval '1 hour'");
    long dueByHand = publish(4, "null", "now() + interval '1 hour'");
    db.execute(
        "insert into outbox.destination (name, uri, paused) values ('other', 'tcp://127.0.0.1:1', true)",
        "select outbox.publish('other', json_build_object('n', 5))");
    long free = freeId();
    long freeToo = freeId();
    try (Connection writer = db.connect();
        Statement late = writer.createStatement()) {
      writer.setAutoCommit(false);
      late.execute("select outbox.publish('%s', json_build_object('n', 6))".formatted(OUT));
      mark();
      writer.commit();
    }
    replies.clear();
    arrived.clear();
    db.execute("select outbox.requeue_failed()", "commit prepared 'mark'", toOut(5));
    db.execute(timed(dueByHand, "null"));
    db.execute("update outbox.parked set due_at = now() where id = " + dueByTheClock);
    db.execute(putIn(free, "99999999999", 7), putIn(freeToo, "default", 8));
    try (RunningRelay relay = starting()) {
      for (int number = 1; number <= 8; number++) {
        await(number);
      }
    }
  }

  private long freeId() throws Exception {
    return db.count("select nextval(outbox_internal.id_sequence())");
  }

  /** By hand or from a dump; a xid in the future is one of another cluster. */
  private static String putIn(long id, String xid, int number) {
    return "insert into outbox.message (id, xid, destination, op, new_row) values (%d, %s, '%s',"
            .formatted(id, xid.equals("default") ? xid : "'" + xid + "'", OUT)
        + " 'message', json_build_object('n', %d))".formatted(number);
  }

  /** It was there before the mark was written, and had read nothing. */
  @Test
  void messages_owedBelowTheMark_arriveAtTheRelayThatTakesOver() throws Exception {
    replies.put(1, Reply.nackForGood("no"));
    try (RunningRelay relay = starting()) {
      awaitState(publish(1), "failed");
    }
    try (Connection writer = db.connect();
        Statement late = writer.createStatement()) {
      writer.setAutoCommit(false);
      late.execute("select outbox.publish('%s', json_build_object('n', 2))".formatted(OUT));
      mark();
      RunningRelay first = starting();
      try {
        publish(3);
        await(3);
        try (RunningRelay second = starting()) {
          replies.clear();
          first.close();
          writer.commit();
          db.execute("select outbox.requeue_failed()");
          publish(4);
          for (int number = 1; number <= 4; number++) {
            await(number);
          }
        }
      } finally {
        first.close();
      }
    }
  }

  @Test
  void messages_madeOwedBelowTheMarkByHand_arriveAtOnce() throws Exception {
    prepare(1, "mark");
    long later = publish(2, "null", "now() + interval '1 hour'");
    db.execute(
        "insert into outbox.destination (name, uri, paused) values ('other', 'tcp://127.0.0.1:1', true)",
        "select outbox.publish('other', json_build_object('n', 3))");
    mark();
    try (RunningRelay relay = starting()) {
      publish(4);
      await(4);
      db.execute("commit prepared 'mark'", timed(later, "null"));
      await(2);
      await(1); // rings nobody, and is read with the one before
      db.execute(toOut(3));
      await(3);
      Await.until("nothing owed", () -> db.count("select count(*) from outbox.message") == 0);
      db.execute(
          "insert into outbox.message (id, xid, destination, op, new_row) values (1, '3', '%s',"
                  .formatted(OUT)
              + " 'message', json_build_object('n', 5))",
          "update outbox.pending set xid = default where id = 1");
      await(5);
    }
  }

  /** Followers that are held already must not pass the message that they waited for. */
  @Test
  void refusedMessage_requeuedBelowTheMarkWhileNoRelayRuns_goesBeforeItsFollowers()
      throws Exception {
    replies.put(1, LATER);
    long follower;
    try (RunningRelay relay = starting()) {
      awaitState(publish(1, "'k'", "null"), "retry");
      publish(2, "'k'", "null");
      follower = publish(3, "'k'", "null");
      awaitState(follower, "held");
    }
    mark();
    arrived.clear();
    replies.clear();
    publish(4, "'k'", "null");
    db.execute("update outbox.message set state = 'pending' where state = 'retry'");
    try (RunningRelay relay = starting()) {
      await(4);
    }
    assertEquals(List.of(1, 2, 3, 4), arrived);
  }

  @Test
  void row_putInWithAnOldTransactionId_isFoundBySweeps() throws Exception {
    publish(1001); // so that the ids 1 and 2 have been there
    mark();
    db.execute(putIn(1, "3", 1));
    try (RunningRelay relay = sweepingAmongRestoredRows()) {
      await(1);
      db.execute(putIn(2, "3", 2));
      await(2);
      Await.until("the mark is true again", () -> db.count(BelowMarks.COUNT) == 0);
    }
    assertEquals(2, missed.get() + passedOver.get());
  }

  /** Its id is larger than any that the relay has seen. */
  @Test
  void row_putInFarAboveTheMark_isFoundBySweeps() throws Exception {
    mark();
    try (RunningRelay relay = sweepingAmongRestoredRows()) {
      for (int sweep = 1; sweep <= 2; sweep++) {
        awaitSweep();
      }
      db.execute(putIn(5_000_000, "3", 3));
      await(3);
    }
  }

  /** A sweep has begun: the one before has ended, and moved the mark. */
  private void awaitSweep() throws Exception {
    int before = missed.get();
    AtomicInteger number = new AtomicInteger(2000);
    Await.until(
        "a sweep tells what nobody has rung for",
        () -> {
          if (missed.get() == before) {
            db.execute(
                "set outbox.notify = off",
                "select outbox.publish('%s', json_build_object('n', %d))"
                    .formatted(OUT, number.incrementAndGet()));
          }
          return missed.get() > before;
        });
  }

  /** The mark says that it may be owed. The patrol would find it, but comes with sweeps only. */
  @Test
  void row_putInAmongTheEarlierOnes_isFoundWhenTheMarkMoves() throws Exception {
    long free = freeId();
    mark();
    db.execute("update outbox.destination_state set mark_earlier = '{%d}'".formatted(free));
    try (RunningRelay relay =
        RunningRelay.startAmongRestoredRows(config(Duration.ofHours(1), 2), events)) {
      publish(1);
      await(1);
      db.execute(putIn(free, "3", 2));
      for (int number = 3; passedOver.get() == 0 && number < 1000; number++) {
        publish(number); // one by one: nothing is paged, and the mark moves after 200
        await(number);
      }
      await(2);
    }
    assertEquals(1, passedOver.get());
  }

  /** What a person has locked stays; the mark passes it, and names it. */
  @Test
  void deliveredMessage_lockedByAPerson_holdsNoMarkUp() throws Exception {
    long locked = publish(1);
    try (Connection person = db.connect();
        Statement lock = person.createStatement()) {
      person.setAutoCommit(false);
      lock.execute("select * from outbox.pending where id = %d for update".formatted(locked));
      mark(locked);
      person.rollback();
      arrived.clear();
      try (RunningRelay relay = starting()) {
        await(1);
        Await.until("nothing owed", () -> db.count("select count(*) from outbox.message") == 0);
      }
    }
    assertEquals(List.of(1), arrived);
  }
}
