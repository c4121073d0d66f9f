// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.relay.delivery.InFlight;
import dev.outboxrelay.relay.delivery.SlowStart;
import dev.outboxrelay.relay.loop.Backoff;
import dev.outboxrelay.relay.ordering.Barrier;
import dev.outboxrelay.relay.ordering.MemoryBudget;
import dev.outboxrelay.relay.ordering.QueuedMessage;
import dev.outboxrelay.values.Message;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Backoff, slow start, what is in flight, the memory budget, the barrier. */
final class SmallPartsTest {

  private static QueuedMessage entry(long id, boolean barrier) {
    return new QueuedMessage(
        new Message(
            id, 0, 1, "out", null, barrier, false, false, 0, new byte[10], 10, false, null));
  }

  @Test
  void backoff_failures_doublesWithJitterUpToTheCap() {
    Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1));
    Random random = new Random(1);
    for (int i = 0; i < 1000; i++) {
      assertBetween(50, 100, backoff.delayMillis(1, random));
      assertBetween(100, 200, backoff.delayMillis(2, random));
      assertBetween(500, 1000, backoff.delayMillis(5, random));
      assertBetween(500, 1000, backoff.delayMillis(Integer.MAX_VALUE, random));
    }
  }

  private static void assertBetween(long least, long most, long value) {
    assertTrue(value >= least && value <= most, value + " is not in " + least + " to " + most);
  }

  @Test
  void slowStart_death_startsFromOneAndDoublesEachRound() {
    SlowStart slowStart = new SlowStart(10);
    assertEquals(10, slowStart.window());
    slowStart.died();
    assertEquals(1, slowStart.window());
    slowStart.succeeded();
    assertEquals(2, slowStart.window());
    slowStart.succeeded();
    slowStart.succeeded();
    assertEquals(4, slowStart.window());
    for (int i = 0; i < 100; i++) {
      slowStart.succeeded();
    }
    assertEquals(10, slowStart.window());
  }

  @Test
  void inFlight_order_isThatOfSending() {
    InFlight inFlight = new InFlight();
    inFlight.add(entry(50, false));
    inFlight.add(entry(7, false)); // committed late: a smaller id, sent later
    inFlight.add(entry(60, false));
    assertNull(inFlight.remove(8));
    QueuedMessage answered = inFlight.remove(50);
    assertNotNull(answered);
    assertEquals(50, answered.id());
    assertEquals(2, inFlight.size());
    assertEquals(List.of(7L, 60L), inFlight.removeAll().stream().map(QueuedMessage::id).toList());
    assertEquals(0, inFlight.bytes());
  }

  @Test
  void memory_spent_waitersAreCalledWhenItIsFree() {
    MemoryBudget memory = new MemoryBudget(1 << 20);
    assertEquals(1 << 20, memory.reserve(2 << 20));
    assertEquals(0, memory.reserve(1000));
    List<String> called = new ArrayList<>();
    memory.whenFree(() -> called.add("first"));
    memory.release(1 << 19);
    assertEquals(List.of("first"), called);
  }

  @Test
  void memory_endOfARead_takesWhatItBroughtBeforeWaitersReserve() {
    MemoryBudget memory = new MemoryBudget(1 << 20);
    long reserved = memory.reserve(1 << 20);
    List<Long> granted = new ArrayList<>();
    memory.whenFree(() -> granted.add(memory.reserve(1 << 20)));
    memory.exchange(
        reserved,
        () -> {
          memory.take(1 << 19);
          memory.take(1000);
          memory.release(1000);
        });
    assertEquals(List.of(1L << 19), granted);
    assertEquals(1 << 20, memory.usedBytes());
  }

  @Test
  void barrier_betweenMessages_keepsItsPlace() {
    Barrier barrier = new Barrier();
    QueuedMessage truncate = entry(2, true);
    QueuedMessage later = entry(3, false);
    assertTrue(barrier.stops(truncate.message));
    barrier.queue(truncate);
    assertTrue(barrier.stops(later.message));
    barrier.queue(later);
    assertNull(barrier.next(false));
    assertEquals(truncate, barrier.next(true));
    assertNull(barrier.next(true), "the truncate is not settled yet");
    barrier.settled(truncate.id());
    assertEquals(later, barrier.next(false));
  }

  /** The first was delivered before, and memory was lost before that stood in the table. */
  @Test
  void barrier_twoRefusedTruncates_waitsForBoth() {
    Barrier barrier = new Barrier();
    barrier.waitsFor(2);
    barrier.waitsFor(5);
    QueuedMessage first = entry(2, true);
    QueuedMessage second = entry(5, true);
    QueuedMessage later = entry(6, false);
    barrier.queue(later);
    barrier.adopt(first);
    assertTrue(barrier.isActive(first));
    barrier.settled(first.id());
    assertTrue(barrier.isHeldUp());
    assertNull(barrier.next(true), "the second one is still refused");
    barrier.adopt(second);
    assertFalse(barrier.isHeldUp());
    barrier.settled(second.id());
    assertEquals(later, barrier.next(true));
  }
}
