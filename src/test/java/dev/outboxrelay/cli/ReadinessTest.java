// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.values.Destination;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The half-dead states that the relay itself can tell; each turns it red in bounded time. */
final class ReadinessTest {
  private final AtomicLong nanos = new AtomicLong();
  private final Readiness readiness = new Readiness(Duration.ofSeconds(14), nanos::get);
  private final Health health = new Health(readiness);

  private void begin() {
    readiness.connected();
    readiness.heardOwnBell();
    assertEquals(Optional.empty(), readiness.whyNot());
  }

  private void pass(long seconds) {
    nanos.addAndGet(Duration.ofSeconds(seconds).toNanos());
  }

  private static String body(dev.outboxrelay.http.HttpReply reply) {
    return reply.status() + " " + new String(reply.body(), StandardCharsets.UTF_8).strip();
  }

  @Test
  void database_lost_isToldUntilSessionsStandAndTheBellIsHeard() {
    assertTrue(readiness.whyNot().isPresent());
    begin();
    readiness.databaseLost("terminated by administrator", 100);
    assertTrue(readiness.whyNot().orElse("").contains("terminated by administrator"));
    readiness.connected();
    assertEquals(
        Optional.of("the listening session has not heard its bell yet"), readiness.whyNot());
    readiness.heardOwnBell();
    assertEquals(Optional.empty(), readiness.whyNot());
  }

  @Test
  void copy_namesTheStatements() {
    begin();
    readiness.copied("this database is a copy");
    String why = readiness.whyNot().orElse("");
    assertTrue(why.contains("outbox.adopt()") && why.contains("outbox.release_all()"), why);
    readiness.adopted();
    assertEquals(Optional.empty(), readiness.whyNot());
  }

  @Test
  void statement_thatFailsForLong_isNamed() {
    begin();
    readiness.statementFailed("page of d", "permission denied", 50);
    assertEquals(Optional.empty(), readiness.whyNot());
    pass(11);
    readiness.alive();
    readiness.statementFailed("page of d", "permission denied", 5000);
    assertEquals(
        Optional.of("page of d fails again and again: permission denied"), readiness.whyNot());
    readiness.statementSucceeded("page of d");
    assertEquals(Optional.empty(), readiness.whyNot());
  }

  @Test
  void core_thatDoesNotRun_isToldAfterFiveSeconds() {
    begin();
    pass(4);
    readiness.alive();
    pass(4);
    assertEquals(Optional.empty(), readiness.whyNot());
    pass(1);
    assertEquals(Optional.of("the relay's core has not run for 5 s"), readiness.whyNot());
    readiness.alive();
    assertEquals(Optional.empty(), readiness.whyNot());
  }

  @Test
  void bell_unheard_isToldInTime() {
    begin();
    pass(13);
    readiness.alive();
    assertEquals(Optional.empty(), readiness.whyNot());
    pass(1);
    readiness.alive();
    assertEquals(
        Optional.of("the listening session has not heard its bell for 14 s"), readiness.whyNot());
    readiness.heardOwnBell();
    assertEquals(Optional.empty(), readiness.whyNot());
  }

  @Test
  void receiver_down_standsInTheBodyAndAtItsOwnAddressAlone() {
    begin();
    readiness.destinations(Set.of("shop", "crm"));
    readiness.owned("shop", 1);
    assertEquals("200 ready", body(health.ready()));
    assertEquals("200 ready, as a standby", body(health.ready("crm")));
    readiness.down("shop", "connection refused", 1000);
    assertEquals("200 ready\nshop is down: connection refused", body(health.ready()));
    assertEquals("503 not ready: shop is down: connection refused", body(health.ready("shop")));
    assertEquals(404, health.ready("nobody").status());
    readiness.up("shop");
    readiness.stalled("shop", 31_000);
    assertEquals("200 ready\nshop is stalled: nothing has moved for 31 s", body(health.ready()));
    readiness.moving("shop");
    assertEquals("200 ready", body(health.ready("shop")));
  }

  /** Its threads run when told. */
  private static final class Stuck implements Transport {
    CompletableFuture<Boolean> pulse = new CompletableFuture<>();

    @Override
    public Sink connect(Destination destination, SinkListener listener) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<?> pulse() {
      return pulse;
    }

    @Override
    public void close() {}
  }

  @Test
  void eventLoop_thatStandsStill_isToldAfterFiveSeconds() {
    begin();
    Stuck transport = new Stuck();
    LoopWatch loops = new LoopWatch(transport, nanos::get);
    health.watch(loops);
    loops.alive();
    pass(4);
    readiness.alive();
    assertEquals(Optional.empty(), health.whyNot());
    pass(1);
    readiness.alive();
    loops.alive();
    assertEquals(
        "503 not ready: a thread that serves receivers' connections has not run for 5 s",
        body(health.ready()));
    transport.pulse.complete(true);
    assertEquals(Optional.empty(), health.whyNot());
  }
}
