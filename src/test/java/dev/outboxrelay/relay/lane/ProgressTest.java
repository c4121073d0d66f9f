// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.lane;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.relay.delivery.Moves;
import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.HandScheduler;
import dev.outboxrelay.relay.loop.SystemThreads;
import dev.outboxrelay.store.DestinationStore;
import dev.outboxrelay.store.DestinationStore.Moved;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is told of destinations that move and of those that do not, by hand-made time. */
final class ProgressTest {
  private static final long ACK_TIMEOUT_MILLIS = 60_000;

  private final HandScheduler core = new HandScheduler();
  private final DatabaseWork work =
      new DatabaseWork(
          new SystemThreads(), 1, core, RelayEvents.NONE, (cause, tell) -> tell.run(), fault -> {});
  private final List<Moved> written = Collections.synchronizedList(new ArrayList<>());
  private final List<String> told = new ArrayList<>();
  private final Destination out = new Destination();
  private final Progress progress =
      new Progress(() -> List.of(out), store(), work, core, new Told());

  @AfterEach
  void tearDown() {
    work.close();
  }

  /** One whose state the test sets. */
  private final class Destination implements Progress.Moving {
    final Moves moves = new Moves(Duration.ofMillis(ACK_TIMEOUT_MILLIS).toNanos(), core.nanoTime());
    boolean owes;
    boolean heldUp;

    @Override
    public String name() {
      return "out";
    }

    @Override
    public long epoch() {
      return 7;
    }

    @Override
    public Moves moves() {
      return moves;
    }

    @Override
    public boolean rests() {
      return !owes;
    }

    @Override
    public boolean isHeldUp() {
      return heldUp;
    }
  }

  private final class Told implements RelayEvents {
    @Override
    public void stalled(String destination, long quietMillis) {
      told.add("stalled");
    }

    @Override
    public void moving(String destination) {
      told.add("moving");
    }
  }

  private DestinationStore store() {
    return (DestinationStore)
        Proxy.newProxyInstance(
            DestinationStore.class.getClassLoader(),
            new Class<?>[] {DestinationStore.class},
            (proxy, method, arguments) -> {
              assertEquals("moved", method.getName());
              for (Object moved : (List<?>) arguments[0]) {
                written.add((Moved) moved);
              }
              return null;
            });
  }

  /** Ticks for so many seconds, once a second; what is to be written is written before the next. */
  private void pass(int seconds) throws Exception {
    for (int i = 0; i < seconds; i++) {
      core.advance(Progress.TICK_MILLIS);
      progress.tick();
      AtomicBoolean over = new AtomicBoolean();
      work.submit("marker", () -> true, over::set);
      core.runUntil(over::get);
    }
  }

  private void settle() {
    out.moves.settled(core.nanoTime());
  }

  @Test
  void owed_andNothingMoves_isToldOnceAndThatItGoesOn() throws Exception {
    out.owes = true;
    pass(30);
    assertEquals(List.of(), told);
    pass(10);
    assertEquals(List.of("stalled"), told);
    settle();
    pass(1);
    assertEquals(List.of("stalled", "moving"), told);
  }

  @Test
  void owed_afterALongRest_isGivenTheSameTime() throws Exception {
    pass(100);
    out.owes = true;
    pass(30);
    assertEquals(List.of(), told);
    pass(1);
    assertEquals(List.of("stalled"), told);
    out.owes = false;
    pass(1);
    assertEquals(List.of("stalled", "moving"), told);
  }

  /**
   * A connection that swallows everything: sent again, it is still the first that is waited for.
   */
  @Test
  void sentAgainAndAgain_andNothingAnswered_isToldWhenTheAnswerIsOverdue() throws Exception {
    out.owes = true;
    for (int i = 0; i < 3; i++) {
      out.moves.sent(core.nanoTime());
      pass(30);
    }
    assertEquals(List.of(), told);
    out.moves.sent(core.nanoTime());
    pass(1);
    assertEquals(List.of("stalled"), told);
  }

  @Test
  void answersThatCome_areWaitedForAnew() throws Exception {
    out.owes = true;
    for (int i = 0; i < 5; i++) {
      out.moves.sent(core.nanoTime());
      pass(50);
      out.moves.answered(true, core.nanoTime());
    }
    assertEquals(List.of(), told);
    out.moves.answered(false, core.nanoTime());
    pass(31);
    assertEquals(List.of("stalled"), told, "answered, and not settled in the table");
  }

  @Test
  void heldUp_byARefusedMessage_isNoStandstill() throws Exception {
    out.owes = true;
    out.heldUp = true;
    pass(100);
    assertEquals(List.of(), told);
  }

  @Test
  void rest_isNotWritten() throws Exception {
    pass(100);
    out.owes = true;
    pass(100);
    assertEquals(List.of(), written);
  }

  @Test
  void moves_areWrittenSoonAndThenNowAndThen() throws Exception {
    pass(100);
    settle();
    pass(1);
    assertEquals(List.of(new Moved("out", 7, 1000L, null)), written);
    for (int i = 0; i < 29; i++) {
      settle();
      pass(1);
    }
    assertEquals(3, written.size());
    pass(100);
    assertEquals(4, written.size(), "the last move, and nothing after it");
  }

  @Test
  void answer_thatIsWaitedFor_isWritten() throws Exception {
    out.owes = true;
    out.moves.sent(core.nanoTime());
    pass(20);
    assertEquals(List.of(new Moved("out", 7, null, ACK_TIMEOUT_MILLIS - 1000)), written);
  }
}
