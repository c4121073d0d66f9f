// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.simulation.Scene.Deed;
import dev.outboxrelay.store.Batch;
import dev.outboxrelay.store.DestinationStore;
import dev.outboxrelay.store.DestinationStore.Marked;
import dev.outboxrelay.store.DestinationStore.TakenOver;
import dev.outboxrelay.store.Encoding;
import dev.outboxrelay.store.Limits;
import dev.outboxrelay.store.ListenSession;
import dev.outboxrelay.store.ListenSession.Heard;
import dev.outboxrelay.store.ListenSession.Kind;
import dev.outboxrelay.store.LockSession;
import dev.outboxrelay.store.Mark;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.store.MessageStore.Arrived;
import dev.outboxrelay.store.MessageStore.Completion;
import dev.outboxrelay.store.MessageStore.Fate;
import dev.outboxrelay.store.MessageStore.Owed;
import dev.outboxrelay.store.MessageStore.Refused;
import dev.outboxrelay.store.MessageStore.Span;
import dev.outboxrelay.store.Parked;
import dev.outboxrelay.store.Replaced;
import dev.outboxrelay.store.Tail;
import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What the engine relies on: the same of the database in memory as of PostgreSQL, so that what the
 * simulator shows of the one holds for the other.
 */
abstract class StoreContract {
  private static final Encoding ID = new Encoding(1, c -> new byte[0]);
  private static final Limits LIMITS = new Limits(1000, 1 << 20, 1 << 20);
  private static final int BELL = 5;

  private Scene scene;
  private MessageStore store;
  private long epoch;

  abstract Scene open() throws Exception;

  @BeforeEach
  void setUp() throws Exception {
    scene = open();
    store = scene.database().messages();
    scene.destination("out", true, BELL);
    epoch = takeOver("out");
  }

  @AfterEach
  void tearDown() throws Exception {
    scene.close();
  }

  private long takeOver(String destination) throws Exception {
    return scene.database().destinations().takeOver(destination, "me").epoch();
  }

  private static List<Long> ids(Batch batch) {
    return batch.messages().stream().map(Message::id).toList();
  }

  private Tail tail(String last) throws Exception {
    return store.tail(Map.of("out", ID), last, LIMITS);
  }

  private List<Long> page(@Nullable String from, String upTo) throws Exception {
    return ids(store.page("out", 0, from, upTo, LIMITS, ID));
  }

  private long write(String key) throws Exception {
    Deed writer = scene.begin();
    long id = writer.write("out", key);
    writer.commit();
    return id;
  }

  private static Gate gate(String key) {
    return new Gate(0, key);
  }

  private Refused refused(long id) throws Exception {
    return new Refused(id, scene.xid(id));
  }

  private boolean retry(long id, long delayMillis) throws Exception {
    return store.retry("out", epoch, refused(id), 1, delayMillis, "no");
  }

  // What is visible. ------------------------------------------------------------------------------

  @Test
  void tail_smallerIdCommittedLater_isReadOnce() throws Exception {
    String start = store.snapshot();
    Deed slow = scene.begin();
    long small = slow.write("out", "slow");
    long large = write("quick");
    Tail first = tail(start);
    assertEquals(List.of(large), ids(first.batch()));
    assertEquals(List.of(), ids(tail(first.snapshot()).batch()));
    slow.commit();
    Tail second = tail(first.snapshot());
    assertEquals(List.of(small), ids(second.batch()));
    assertEquals(List.of(), ids(tail(second.snapshot()).batch()));
  }

  @Test
  void page_committedAfterTheSnapshot_isNotInIt() throws Exception {
    Deed slow = scene.begin();
    long small = slow.write("out", "slow");
    long large = write("quick");
    String snapshot = store.snapshot();
    slow.commit();
    long later = write("later");
    assertEquals(List.of(large), page(null, snapshot));
    assertEquals(List.of(small, later), page(snapshot, store.snapshot()));
    assertEquals(List.of(small, later), ids(tail(snapshot).batch()));
  }

  @Test
  void message_rolledBack_isNeverShown() throws Exception {
    String start = store.snapshot();
    Deed writer = scene.begin();
    writer.write("out", "a");
    String during = store.snapshot();
    writer.rollBack();
    assertEquals(List.of(), ids(tail(start).batch()));
    assertEquals(List.of(), page(during, store.snapshot()));
    assertEquals(List.of(), page(null, store.snapshot()));
  }

  /** Its number is drawn with its first write, not when it begins. */
  @Test
  void transaction_withoutAWrite_isNotAmongTheRunning() throws Exception {
    Deed idle = scene.begin();
    write("a");
    String snapshot = store.snapshot();
    long id = idle.write("out", "b");
    idle.commit();
    assertEquals(List.of(id), ids(tail(snapshot).batch()));
  }

  @Test
  void tail_moreThanTheLimit_overflowsAndTellsWhereToPage() throws Exception {
    String start = store.snapshot();
    List<Long> all = new ArrayList<>();
    for (int n = 0; n < 4; n++) {
      all.add(write("k" + n));
    }
    Tail tail = store.tail(Map.of("out", ID), start, new Limits(3, 1 << 20, 1 << 20));
    assertTrue(tail.overflow());
    assertEquals(List.of(), ids(tail.batch()));
    Map<String, Long> first = store.firstIds(Set.of("out"), start, tail.snapshot());
    assertEquals(Map.of("out", all.get(0)), first);
    Limits two = new Limits(2, 1 << 20, 1 << 20);
    Batch page = store.page("out", 0, start, tail.snapshot(), two, ID);
    assertEquals(all.subList(0, 2), ids(page));
    assertTrue(page.more());
    Batch rest = store.page("out", page.lastId(), start, tail.snapshot(), LIMITS, ID);
    assertEquals(all.subList(2, 4), ids(rest));
    assertFalse(rest.more());
  }

  @Test
  void message_forLater_isToldAndNotShown() throws Exception {
    String start = store.snapshot();
    Deed writer = scene.begin();
    long id = writer.writeForLater("out", "a", 60_000);
    writer.commit();
    Batch tail = tail(start).batch();
    assertEquals(List.of(), ids(tail));
    assertTrue(tail.nextDueMillis().get("out") > 50_000);
    assertEquals(
        List.of(), store.owed(Set.of("out"), List.of(), start, store.snapshot(), "", 0, 10));
    assertEquals(Map.of(id, Fate.LATER), store.fates("out", List.of(id)));
    assertTrue(store.nextDueMillis(List.of("out", "none")).get("out") > 50_000);
  }

  @Test
  void owed_inTheSpansAndSinceThen_byDestinationAndId() throws Exception {
    scene.destination("two", true, BELL + 1);
    long before = write("a");
    long inSpan = write("b");
    String since = store.snapshot();
    Deed writer = scene.begin();
    long other = writer.write("two", "a");
    writer.commit();
    long last = write("c");
    String snapshot = store.snapshot();
    write("d");
    List<Span> spans = List.of(new Span("out", inSpan, inSpan));
    assertEquals(
        List.of(new Owed("out", inSpan), new Owed("out", last), new Owed("two", other)),
        store.owed(Set.of("two", "out"), spans, since, snapshot, "", 0, 10));
    assertEquals(
        List.of(new Owed("two", other)),
        store.owed(Set.of("two", "out"), spans, since, snapshot, "out", last, 1));
    assertEquals(
        List.of(new Owed("out", before)),
        store.inBlocks(0, 1000, List.of(new Span("out", inSpan, last)), snapshot, 10).messages());
  }

  @Test
  void arrived_smallIdsSinceASnapshot_areTold() throws Exception {
    Deed slow = scene.begin();
    long small = slow.write("out", "slow");
    long large = write("quick");
    String since = store.snapshot();
    assertEquals(List.of(), store.arrived(Map.of("out", large), since, 10).messages());
    slow.commit();
    Arrived arrived = store.arrived(Map.of("out", large), since, 10);
    assertEquals(List.of(new Owed("out", small)), arrived.messages());
    assertFalse(arrived.more());
    assertEquals(List.of(), ids(tail(arrived.snapshot()).batch()));
  }

  @Test
  void mark_ofTheOwner_isToldAtTheNextTakeOver() throws Exception {
    DestinationStore destinations = scene.database().destinations();
    Mark mark = new Mark(store.snapshot(), 7, List.of(3L));
    destinations.mark(List.of(new Marked("out", epoch - 1, mark)));
    TakenOver none = destinations.takeOver("out", "me");
    assertNull(none.mark());
    destinations.mark(List.of(new Marked("out", none.epoch(), mark)));
    assertEquals(mark, destinations.takeOver("out", "me").mark());
  }

  // What a relay changes. -------------------------------------------------------------------------

  @Test
  void retry_untilDue_isShownByTimeOnly() throws Exception {
    long id = write("a");
    assertTrue(retry(id, 60_000));
    Batch none = store.due("out", false, Set.of(), LIMITS, ID);
    assertEquals(List.of(), ids(none));
    assertTrue(none.nextDueMillis().get("out") > 50_000);
    assertEquals(List.of(), page(null, store.snapshot()));
    assertTrue(retry(id, 0));
    Message due = store.due("out", true, Set.of(), LIMITS, ID).messages().get(0);
    assertTrue(due.refused() && due.timed());
    assertEquals(1, due.attempts());
    assertEquals(List.of(), ids(store.due("out", true, Set.of(id), LIMITS, ID)));
    assertEquals(List.of(new Parked(gate("a"), List.of(id), 0)), store.parked("out", false, 10));
  }

  @Test
  void held_behindARefusedOne_isShownInOrderByItsGate() throws Exception {
    long head = write("a");
    long first = write("a");
    long second = write("a");
    write("b");
    assertTrue(retry(head, 60_000));
    assertEquals(Set.of(), store.hold("out", epoch, List.of(first, second)));
    assertEquals(
        List.of(new Parked(gate("a"), List.of(head), first)), store.parked("out", false, 10));
    assertEquals(List.of(first, second), ids(store.held("out", gate("a"), LIMITS, ID)));
    assertEquals(List.of(), ids(store.held("out", gate("b"), LIMITS, ID)));
    assertEquals(Set.of(head), store.standing("out", List.of(head, first), false));
    store.complete(Map.of("out", List.of(head)), Map.of());
    assertEquals(List.of(new Parked(gate("a"), List.of(), first)), store.parked("out", false, 10));
  }

  /** As a relay leaves it whose memory was lost before the first one's delivery was settled. */
  @Test
  void parked_severalRefused_allAreToldInOrder() throws Exception {
    long first = write("a");
    long held = write("a");
    long second = write("a");
    assertTrue(retry(second, 60_000));
    assertTrue(retry(first, 60_000));
    assertEquals(Set.of(), store.hold("out", epoch, List.of(held)));
    assertEquals(
        List.of(new Parked(gate("a"), List.of(first, second), held)),
        store.parked("out", false, 10));
  }

  @Test
  void failed_holdsItsKeyOnlyWhereAsked() throws Exception {
    long id = write("a");
    assertTrue(store.fail("out", epoch, refused(id), 3, "no"));
    assertEquals(List.of(), store.parked("out", false, 10));
    assertEquals(List.of(new Parked(gate("a"), List.of(id), 0)), store.parked("out", true, 10));
    assertEquals(Set.of(), store.standing("out", List.of(id), false));
    assertEquals(Set.of(id), store.standing("out", List.of(id), true));
    assertFalse(retry(id, 0), "it is set aside");
  }

  @Test
  void truncate_refused_isTold() throws Exception {
    assertEquals(List.of(), store.refusedTruncates("out"));
    Deed writer = scene.begin();
    long id = writer.truncate("out");
    writer.commit();
    assertTrue(retry(id, 60_000));
    assertEquals(List.of(id), store.refusedTruncates("out"));
    assertEquals(List.of(), store.parked("out", false, 10));
  }

  @Test
  void stateChange_epochIsOver_isRefused() throws Exception {
    long id = write("a");
    long old = epoch;
    assertTrue(takeOver("out") > old);
    assertThrows(Replaced.class, () -> retry(id, 0));
    assertThrows(Replaced.class, () -> store.fail("out", old, refused(id), 1, "no"));
    assertThrows(Replaced.class, () -> store.hold("out", old, List.of(id)));
    assertEquals("pending", scene.state(id));
    assertEquals(0, takeOver("none"));
  }

  @Test
  void complete_exactIds_othersStay() throws Exception {
    long a = write("a");
    long b = write("b");
    long c = write("c");
    Completion done = store.complete(Map.of("out", List.of(a, c, 999_999L)), Map.of());
    assertEquals(new Completion(2, Set.of()), done);
    assertEquals(List.of(b), page(null, store.snapshot()));
  }

  @Test
  void complete_kept_isLeftWhenItIsOwedAgain() throws Exception {
    long id = write("a");
    Map<String, List<Long>> ids = Map.of("out", List.of(id));
    Map<String, Set<Long>> delivered = Map.of("out", Set.of(scene.xid(id)));
    assertEquals(1, store.complete(ids, delivered).found());
    assertEquals("delivered", scene.state(id));
    assertEquals(Map.of(id, Fate.DELIVERED), store.fates("out", List.of(id)));
    String before = store.snapshot();
    Deed person = scene.begin();
    person.requeue(id);
    person.commit();
    assertEquals(new Completion(0, Set.of()), store.complete(ids, delivered));
    assertEquals(List.of(id), ids(tail(before).batch()));
  }

  @Test
  void purge_keptLongEnough_onlyDeliveredGo() throws Exception {
    long gone = write("a");
    long owed = write("b");
    store.complete(
        Map.of("out", List.of(gone)), Map.of("out", Set.of(scene.xid(gone), scene.xid(owed))));
    assertEquals(1, store.purge(10, Map.of()).rows());
    assertEquals("", scene.state(gone));
    assertEquals("pending", scene.state(owed));
  }

  // What others have locked. ----------------------------------------------------------------------

  @Test
  void row_locked_isReadAndNotChanged() throws Exception {
    long a = write("a");
    long b = write("a");
    Deed person = scene.begin();
    person.lock(a);
    assertEquals(List.of(a, b), page(null, store.snapshot()));
    SQLException problem = assertThrows(SQLException.class, () -> retry(a, 0));
    assertEquals("55P03", problem.getSQLState());
    assertThrows(SQLException.class, () -> store.fail("out", epoch, refused(a), 1, "no"));
    assertEquals(Set.of(a), store.hold("out", epoch, List.of(a, b)), "all or none");
    assertEquals("pending", scene.state(b));
    assertEquals(
        new Completion(1, Set.of(a)), store.complete(Map.of("out", List.of(a, b)), Map.of()));
    assertTrue(takeOver("out") > epoch, "waits for nobody");
    person.rollBack();
    assertEquals(1, store.complete(Map.of("out", List.of(a)), Map.of()).found());
  }

  @Test
  void row_changedAndNotCommitted_isShownAsItWas() throws Exception {
    long id = write("a");
    Deed person = scene.begin();
    person.discard(id);
    assertEquals(List.of(id), page(null, store.snapshot()));
    assertEquals(Map.of(), store.fates("out", List.of(id)));
    person.commit();
    assertEquals(List.of(), page(null, store.snapshot()));
    assertEquals(Map.of(id, Fate.GONE), store.fates("out", List.of(id)));
  }

  // What people do. -------------------------------------------------------------------------------

  @Test
  void requeued_isNewToWhoeverReadItBefore() throws Exception {
    long id = write("a");
    Refused before = refused(id);
    assertTrue(store.fail("out", epoch, before, 3, "no"));
    String snapshot = store.snapshot();
    Deed person = scene.begin();
    person.requeue(id);
    assertEquals(List.of(), ids(tail(snapshot).batch()));
    person.commit();
    Message again = tail(snapshot).batch().messages().get(0);
    assertEquals(id, again.id());
    assertEquals(0, again.attempts());
    assertNotEquals(before.xid(), again.xid());
    assertFalse(store.retry("out", epoch, before, 1, 0, "no"), "another was refused");
    assertEquals(List.of(id), ids(store.requeued("out", List.of(id), LIMITS, ID)));
  }

  @Test
  void setAside_isTold() throws Exception {
    long id = write("a");
    Deed person = scene.begin();
    person.setAside(id);
    person.commit();
    assertEquals(Map.of(id, Fate.ASIDE), store.fates("out", List.of(id)));
    assertFalse(retry(id, 0));
    assertEquals(List.of(), ids(store.requeued("out", List.of(id), LIMITS, ID)));
  }

  @Test
  void takeOver_withoutOrder_letsHeldOnesGo() throws Exception {
    scene.destination("free", false, BELL + 1);
    long free = takeOver("free");
    Deed writer = scene.begin();
    long id = writer.write("free", "a");
    writer.commit();
    store.hold("free", free, List.of(id));
    String snapshot = store.snapshot();
    takeOver("free");
    assertEquals("pending", scene.state(id));
    assertEquals(List.of(id), ids(store.tail(Map.of("free", ID), snapshot, LIMITS).batch()));
  }

  // Locks and bells. ------------------------------------------------------------------------------

  @Test
  void locks_ownershipAndSleep_excludeOthersUntilTheSessionEnds() throws Exception {
    try (LockSession two = scene.database().openLockSession()) {
      LockSession one = scene.database().openLockSession();
      assertEquals(Set.of(1, 2), one.tryOwn(List.of(1, 2)));
      assertEquals(Set.of(3), two.tryOwn(List.of(2, 3)));
      assertEquals(2, one.look(false).relays());
      assertEquals(Set.of(1, 2, 3), two.look(true).owned());
      assertEquals(Set.of(7), one.trySleep(List.of(7)));
      assertEquals(Set.of(), two.trySleep(List.of(7)));
      one.disown(List.of(2));
      assertEquals(Set.of(2), two.tryOwn(List.of(2)));
      one.close();
      awaitFree(two);
      assertEquals(Set.of(7), two.trySleep(List.of(7)));
    }
  }

  private static void awaitFree(LockSession session) throws Exception {
    long until = System.nanoTime() + 10_000_000_000L;
    while (session.tryOwn(List.of(1)).isEmpty()) {
      assertTrue(System.nanoTime() - until < 0, "the locks of a closed session stay");
      Thread.onSpinWait();
    }
  }

  @Test
  void writer_underWay_keepsTheRelayFromSleeping() throws Exception {
    try (LockSession relay = scene.database().openLockSession()) {
      Deed writer = scene.begin();
      writer.write("out", "a");
      assertEquals(Set.of(), relay.trySleep(List.of(BELL)));
      writer.commit();
      assertEquals(Set.of(BELL), relay.trySleep(List.of(BELL)));
    }
  }

  @Test
  void bell_relayAsleep_ringsWithTheCommit() throws Exception {
    try (LockSession relay = scene.database().openLockSession();
        ListenSession listener = scene.database().openListenSession()) {
      write("nobody listens for it");
      assertEquals(Set.of(BELL), relay.trySleep(List.of(BELL)));
      Deed lost = scene.begin();
      lost.write("out", "a");
      lost.rollBack();
      Deed writer = scene.begin();
      writer.write("out", "b");
      assertEquals(List.of(), listener.await(100));
      writer.commit();
      assertEquals(List.of(new Heard(Kind.BELL, "out")), listener.await(10_000));
      relay.wake(List.of(BELL));
      write("c");
      scene.database().ring(listener, 7);
      assertEquals(List.of(new Heard(Kind.SELF_TEST, "7")), listener.await(10_000));
    }
  }

  @Test
  void person_acting_isHeard() throws Exception {
    long id = write("a");
    store.fail("out", epoch, refused(id), 3, "no");
    try (ListenSession listener = scene.database().openListenSession()) {
      Deed person = scene.begin();
      person.discard(id);
      assertEquals(List.of(), listener.await(100));
      person.commit();
      assertEquals(List.of(new Heard(Kind.CONTROL, "out")), listener.await(10_000));
    }
  }
}
