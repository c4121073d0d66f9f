// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.ordering;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.relay.ordering.KeyGates.Origin;
import dev.outboxrelay.relay.ordering.KeyGates.Verdict;
import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import java.util.List;
import org.junit.jupiter.api.Test;

final class KeyGatesTest {
  private static final Gate A = new Gate(1, "a");
  private static final Gate B = new Gate(1, "b");

  private final KeyGates gates = new KeyGates();

  private static QueuedMessage entry(long id, Gate gate) {
    return entry(id, gate, false);
  }

  private static QueuedMessage refused(long id, Gate gate) {
    return entry(id, gate, true);
  }

  private static QueuedMessage entry(long id, Gate gate, boolean refused) {
    return new QueuedMessage(
        new Message(
            id, 0, 1, "out", gate, false, refused, refused, 0, new byte[0], 0, false, null));
  }

  @Test
  void oneGate_secondMessage_waitsForTheFirst() {
    QueuedMessage first = entry(1, A);
    QueuedMessage second = entry(2, A);
    assertEquals(Verdict.GO, gates.admit(first, Origin.WINDOW));
    assertEquals(Verdict.WAIT, gates.admit(second, Origin.WINDOW));
    assertEquals(Verdict.GO, gates.admit(entry(3, B), Origin.WINDOW));
    assertSame(second, gates.settle(first));
    assertNull(gates.settle(second));
  }

  @Test
  void noKey_everyMessage_goes() {
    assertEquals(Verdict.GO, gates.admit(entry(1, null), Origin.WINDOW));
    assertEquals(Verdict.GO, gates.admit(entry(2, null), Origin.WINDOW));
  }

  @Test
  void keyHeldByAPerson_everythingOfIt_isHeldAndNeverReadBack() {
    gates.stop(A);
    QueuedMessage first = entry(1, A);
    assertEquals(Verdict.HOLD, gates.admit(first, Origin.WINDOW));
    gates.holdCommitted(first.message);
    assertFalse(gates.beginHeldRead(A));
    gates.parked(A, List.of(5L));
    assertEquals(Verdict.HOLD, gates.admit(entry(5, A), Origin.WINDOW), "a requeued head");
    gates.unblock(A, 5);
    assertFalse(gates.beginHeldRead(A));
    assertTrue(gates.isStopped(first.message));
    assertFalse(gates.isStopped(entry(2, B).message));
    assertEquals(Verdict.GO, gates.admit(entry(2, B), Origin.WINDOW));
    assertEquals(1, gates.parkedCount());
  }

  @Test
  void blocked_followersAndLaterOnes_areHeld() {
    QueuedMessage head = entry(1, A);
    QueuedMessage follower = entry(2, A);
    gates.admit(head, Origin.WINDOW);
    gates.admit(follower, Origin.WINDOW);
    assertEquals(List.of(follower), gates.block(head));
    assertEquals(Verdict.HOLD, gates.admit(entry(3, A), Origin.WINDOW));
    assertEquals(Verdict.GO, gates.admit(entry(4, B), Origin.WINDOW));
    assertEquals(1, gates.parkedCount());
  }

  @Test
  void retriedHead_delivered_heldOnesAreReadThenGateOpens() {
    QueuedMessage head = entry(1, A);
    gates.admit(head, Origin.WINDOW);
    gates.block(head);
    QueuedMessage held = entry(2, A);
    assertEquals(Verdict.HOLD, gates.admit(held, Origin.WINDOW));
    gates.holdCommitted(held.message);
    assertFalse(gates.beginHeldRead(A), "the head still blocks");

    QueuedMessage again = entry(1, A);
    assertEquals(Verdict.GO, gates.admit(again, Origin.RETRY));
    assertNull(gates.settle(again));
    assertTrue(gates.beginHeldRead(A));
    gates.endHeldRead(A, true);
    assertEquals(Verdict.GO, gates.admit(held, Origin.HELD));
    assertNull(gates.settle(held));
    assertTrue(gates.beginHeldRead(A));
    gates.endHeldRead(A, false);
    assertEquals(0, gates.parkedCount());
    assertEquals(Verdict.GO, gates.admit(entry(3, A), Origin.WINDOW));
  }

  @Test
  void heldDuringTheRead_gateStaysParked() {
    QueuedMessage head = entry(1, A);
    gates.admit(head, Origin.WINDOW);
    gates.block(head);
    QueuedMessage again = entry(1, A);
    gates.admit(again, Origin.RETRY);
    gates.settle(again);
    assertTrue(gates.beginHeldRead(A));
    QueuedMessage late = entry(2, A);
    assertEquals(Verdict.HOLD, gates.admit(late, Origin.WINDOW));
    gates.holdCommitted(late.message);
    gates.endHeldRead(A, false); // this read began before the row was held
    assertEquals(1, gates.parkedCount());
    assertTrue(gates.beginHeldRead(A));
  }

  @Test
  void holdUnderWay_heldReadWaits() {
    QueuedMessage head = entry(1, A);
    gates.admit(head, Origin.WINDOW);
    gates.block(head);
    QueuedMessage held = entry(2, A);
    gates.admit(held, Origin.WINDOW);
    QueuedMessage again = entry(1, A);
    gates.admit(again, Origin.RETRY);
    gates.settle(again);
    assertFalse(gates.beginHeldRead(A));
    gates.holdCommitted(held.message);
    assertTrue(gates.beginHeldRead(A));
  }

  @Test
  void requeuedHead_comesByAWindow_goes() {
    gates.parked(A, List.of(5L));
    assertEquals(Verdict.HOLD, gates.admit(entry(7, A), Origin.WINDOW));
    assertEquals(Verdict.GO, gates.admit(entry(5, A), Origin.WINDOW));
  }

  @Test
  void requeuedEarlierOne_headStillBlocks_isHeld() {
    gates.parked(A, List.of(5L));
    QueuedMessage requeued = entry(3, A);
    assertEquals(Verdict.HOLD, gates.admit(requeued, Origin.WINDOW));
    gates.holdCommitted(requeued.message);
    assertFalse(gates.beginHeldRead(A), "the head still blocks");
  }

  @Test
  void discardedHead_unblocked_heldOnesMayBeRead() {
    gates.parked(A, List.of(5L));
    assertFalse(gates.beginHeldRead(A));
    gates.unblock(A, 5);
    assertTrue(gates.beginHeldRead(A));
  }

  /** The first was delivered before, and memory was lost before that stood in the table. */
  @Test
  void severalRefused_firstDelivered_heldOnesGoUpToTheNext() {
    gates.parked(A, List.of(1L, 3L));
    QueuedMessage first = entry(1, A);
    assertEquals(Verdict.GO, gates.admit(first, Origin.RETRY));
    assertNull(gates.settle(first));
    assertTrue(gates.beginHeldRead(A));
    Message second = entry(2, A).message;
    Message fourth = entry(4, A).message;
    assertEquals(List.of(second), gates.free(A, List.of(second, fourth)));
    gates.endHeldRead(A, true);
    assertTrue(gates.beginHeldRead(A));
    assertEquals(List.of(), gates.free(A, List.of(fourth)));
    gates.endHeldRead(A, true);
    assertFalse(gates.beginHeldRead(A), "the third blocks");
    QueuedMessage third = entry(3, A);
    assertEquals(Verdict.GO, gates.admit(third, Origin.RETRY));
    gates.settle(third);
    assertTrue(gates.beginHeldRead(A));
    assertEquals(List.of(fourth), gates.free(A, List.of(fourth)));
  }

  /** It must not wait behind a truncate that waits for its gate. */
  @Test
  void severalRefused_eachOfThem_isWhatBlocks() {
    gates.parked(A, List.of(1L, 3L));
    assertTrue(gates.isBlockedBy(entry(1, A).message));
    assertFalse(gates.isBlockedBy(entry(2, A).message));
    assertTrue(gates.isBlockedBy(entry(3, A).message));
  }

  @Test
  void severalRefused_nothingHeld_newOnesAreHeldAllTheSame() {
    gates.parked(A, List.of(1L, 3L));
    gates.unblock(A, 1);
    assertTrue(gates.beginHeldRead(A));
    assertEquals(List.of(), gates.free(A, List.of()));
    gates.endHeldRead(A, false);
    assertEquals(Verdict.HOLD, gates.admit(entry(4, A), Origin.WINDOW));
  }

  @Test
  void severalRefused_laterOneIsRefusedAgain_firstStillBlocks() {
    gates.parked(A, List.of(1L, 3L));
    QueuedMessage third = entry(3, A);
    assertEquals(Verdict.GO, gates.admit(third, Origin.RETRY));
    gates.block(third);
    gates.unblock(A, 3);
    assertTrue(gates.beginHeldRead(A));
    assertEquals(List.of(), gates.free(A, List.of(entry(4, A).message)));
    gates.endHeldRead(A, true);
    assertFalse(gates.beginHeldRead(A), "the first blocks");
  }

  /** It is dropped with the others that follow, and stands in the table as refused, not as held. */
  @Test
  void severalRefused_firstIsRefusedAgain_laterOneInMemoryStillBlocks() {
    gates.parked(A, List.of(1L, 3L));
    QueuedMessage first = refused(1, A);
    QueuedMessage third = refused(3, A);
    assertEquals(Verdict.GO, gates.admit(first, Origin.RETRY));
    assertEquals(Verdict.WAIT, gates.admit(third, Origin.RETRY));
    assertEquals(List.of(third), gates.block(first));
    gates.holdCommitted(third.message);
    gates.unblock(A, 1);
    assertTrue(gates.beginHeldRead(A));
    Message second = entry(2, A).message;
    Message fourth = entry(4, A).message;
    assertEquals(List.of(second), gates.free(A, List.of(second, fourth)));
  }

  @Test
  void foundWithHeldOnly_mayBeReadAtOnce_newOnesAreHeld() {
    gates.parked(A, List.of());
    assertTrue(gates.beginHeldRead(A));
    assertEquals(Verdict.HOLD, gates.admit(entry(9, A), Origin.WINDOW));
  }
}
