// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.store.Migrator;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Reply;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.testing.Wire;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A relay on a copy of a database, and on a database whose schema is made anew. */
final class CopyTest {
  private final Queue<String> arrived = new ConcurrentLinkedQueue<>();
  private TestDatabase shop;
  private ScriptedReceiver receiver;

  @BeforeEach
  void setUp() throws Exception {
    receiver =
        ScriptedReceiver.startKeepingNothing(
            line -> {
              arrived.add(Wire.parse(line.text()).path("new").asText());
              return Reply.ack();
            });
    shop = TestDatabase.create();
    prepare(shop);
  }

  private void prepare(TestDatabase db) throws Exception {
    db.execute(
        "insert into outbox.destination (name, uri) values ('out', '" + receiver.uri() + "')");
  }

  @AfterEach
  void tearDown() throws Exception {
    receiver.close();
    shop.close();
  }

  private static void publish(TestDatabase db, String text) throws Exception {
    db.execute("select outbox.publish('out', '\"" + text + "\"')");
  }

  /** What a relay tells of copies. */
  private static final class Told implements RelayEvents {
    final Queue<String> copies = new ConcurrentLinkedQueue<>();
    final AtomicInteger adoptions = new AtomicInteger();
    final AtomicInteger owned = new AtomicInteger();

    @Override
    public void copied(String finding) {
      copies.add(finding);
    }

    @Override
    public void adopted() {
      adoptions.incrementAndGet();
    }

    @Override
    public void owned(String destination, long epoch) {
      owned.incrementAndGet();
    }
  }

  private void deliverOne() throws Exception {
    try (RunningRelay relay = RunningRelay.start(shop)) {
      publish(shop, "first");
      Await.until("the first", () -> arrived.contains("first"));
    }
  }

  @Test
  void copy_withARelay_sendsNothingUntilItIsAdopted() throws Exception {
    deliverOne();
    Told told = new Told();
    try (TestDatabase stage = shop.copy();
        RunningRelay original = RunningRelay.start(shop);
        RunningRelay relay = RunningRelay.start(RunningRelay.config(stage, "stage"), told)) {
      Await.until("it is told", () -> !told.copies.isEmpty());
      publish(stage, "of the copy");
      publish(shop, "of the original");
      Await.until("the original goes on", () -> arrived.contains("of the original"));
      // Three looks, at least.
      String snapshot = stage.query("select pg_current_xact_id()::text").get(0);
      assertTrue(!snapshot.isEmpty());
      Await.until(
          "looks at the copy",
          () ->
              stage.count(
                      "select xact_commit from pg_stat_database where datname = current_database()")
                  > 20);
      assertEquals(0, told.owned.get());
      assertEquals(List.of("first", "of the original"), List.copyOf(arrived));
      assertTrue(told.copies.peek().startsWith("this database is a copy: "), told.copies::peek);
      stage.execute("select outbox.adopt()");
      Await.until("it sends", Duration.ofSeconds(10), () -> arrived.contains("of the copy"));
      assertEquals(1, told.copies.size());
      assertEquals(1, told.adoptions.get());
    }
  }

  @Test
  void copy_whoseRelayMayAdopt_sendsByItself() throws Exception {
    deliverOne();
    Told told = new Told();
    try (TestDatabase stage = shop.copy()) {
      RelayConfig c = RunningRelay.config(stage, "stage");
      RelayConfig adopting =
          new RelayConfig(
              c.database(),
              c.name(),
              c.sweep(),
              c.poll(),
              c.pageSize(),
              c.memoryBytes(),
              c.maxMessageBytes(),
              c.stopTimeout(),
              true);
      publish(stage, "of the copy");
      try (RunningRelay relay = RunningRelay.start(adopting, told)) {
        Await.until("it sends", () -> arrived.contains("of the copy"));
      }
      assertEquals(1, told.adoptions.get());
      assertEquals(List.of("t"), stage.query("select outbox.copied() is null"));
    }
  }

  /** A template that no relay has looked at is nobody's, and neither are its copies. */
  @Test
  void copy_ofADatabaseWithoutRelay_sends() throws Exception {
    try (TestDatabase stage = shop.copy();
        RunningRelay relay = RunningRelay.start(stage)) {
      publish(stage, "of the copy");
      Await.until("it sends", () -> arrived.contains("of the copy"));
    }
  }

  @Test
  void identity_changedUnderARunningRelay_stopsIt() throws Exception {
    Told told = new Told();
    try (RunningRelay relay = RunningRelay.start(RunningRelay.config(shop, "shop"), told)) {
      publish(shop, "first");
      Await.until("the first", () -> arrived.contains("first"));
      shop.execute("update outbox.identity set database = 1", "notify outbox_control");
      Await.until("it is told", () -> !told.copies.isEmpty());
      publish(shop, "second");
      shop.execute("select outbox.adopt()");
      Await.until("the second", () -> arrived.contains("second"));
    }
  }

  /** An answer to message 1 of the old schema must not take row 1 of the new one away. */
  @Test
  void schema_madeAnewUnderARunningRelay_losesNothing() throws Exception {
    Queue<String> unanswered = new ConcurrentLinkedQueue<>();
    receiver.script(
        line -> {
          String text = Wire.parse(line.text()).path("new").asText();
          arrived.add(text);
          if (text.startsWith("old")) {
            unanswered.add(line.id());
            return Reply.silence();
          }
          return Reply.ack();
        });
    AtomicInteger terms = new AtomicInteger();
    RelayEvents events =
        new RelayEvents() {
          @Override
          public void connected() {
            terms.incrementAndGet();
          }
        };
    shop.execute(
        "alter schema outbox rename to spare",
        "alter schema outbox_internal rename to spare_internal");
    new Migrator(shop.url(), shop.user(), shop.password()).migrate();
    prepare(shop);
    try (RunningRelay relay = RunningRelay.start(RunningRelay.config(shop, "shop"), events)) {
      publish(shop, "old 1");
      publish(shop, "old 2");
      Await.until("the old ones", () -> arrived.size() == 2);
      // In one transaction: a relay that sees no schema at all ends.
      shop.execute(
          "alter schema outbox rename to old; alter schema spare rename to outbox;"
              + " alter schema outbox_internal rename to old_internal;"
              + " alter schema spare_internal rename to outbox_internal");
      Await.until("the relay begins anew", () -> terms.get() == 2);
      publish(shop, "new 1");
      publish(shop, "new 2");
      unanswered.forEach(id -> receiver.say("{\"ack\":\"" + id + "\"}\n"));
    }
    // The first may have ended: its schema was gone for a while.
    try (RunningRelay relay = RunningRelay.start(shop)) {
      Await.until("the new ones", () -> arrived.containsAll(List.of("new 1", "new 2")));
    }
  }
}
