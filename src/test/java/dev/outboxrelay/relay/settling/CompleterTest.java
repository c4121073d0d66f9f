// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.settling;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.HandScheduler;
import dev.outboxrelay.relay.loop.SystemThreads;
import dev.outboxrelay.relay.loop.Troubles;
import dev.outboxrelay.store.DestinationStore;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.values.Message;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How many statements it takes to get what was delivered off the table. */
final class CompleterTest {
  private final HandScheduler core = new HandScheduler();
  private final DatabaseWork work =
      new DatabaseWork(
          new SystemThreads(), 2, core, RelayEvents.NONE, (cause, tell) -> tell.run(), fault -> {});
  private final List<Integer> deletes = Collections.synchronizedList(new ArrayList<>());
  private final List<Long> settled = new ArrayList<>();
  private int calls;
  private final Consumer<List<Long>> then =
      ids -> {
        calls++;
        settled.addAll(ids);
      };

  /** Rows that somebody else holds. */
  private final Set<Long> held = ConcurrentHashMap.newKeySet();

  private final Troubles troubles = new Troubles(core, work, untouched());
  private int completions;
  private final RelayEvents events =
      new RelayEvents() {
        @Override
        public void completed(int messages, int missing) {
          completions++;
        }
      };
  private final Completer completer = new Completer(store(), work, troubles, core, events);

  @AfterEach
  void tearDown() {
    work.close();
  }

  private static DestinationStore untouched() {
    return (DestinationStore)
        Proxy.newProxyInstance(
            DestinationStore.class.getClassLoader(),
            new Class<?>[] {DestinationStore.class},
            (proxy, method, arguments) -> {
              throw new AssertionError(method);
            });
  }

  /** Completes all that it is asked to but what somebody else holds, and counts. */
  private MessageStore store() {
    return (MessageStore)
        Proxy.newProxyInstance(
            MessageStore.class.getClassLoader(),
            new Class<?>[] {MessageStore.class},
            (proxy, method, arguments) -> {
              assertEquals("complete", method.getName());
              @SuppressWarnings("unchecked")
              Map<String, List<Long>> ids = (Map<String, List<Long>>) arguments[0];
              int count = ids.values().stream().mapToInt(List::size).sum();
              deletes.add(count);
              Set<Long> left = new HashSet<>(held);
              left.retainAll(ids.get("d"));
              return new MessageStore.Completion(count - left.size(), left);
            });
  }

  private static Message message(long id) {
    return new Message(id, 0, 1, "d", null, false, false, false, 0, new byte[0], 0, false, null);
  }

  private void deliver(int count) {
    LongStream.range(0, count).forEach(id -> completer.add("d", message(id), false, then));
    completer.flush();
  }

  @Test
  void delivered_littleToDo_isDeletedAtOnce() throws Exception {
    deliver(1);
    core.runUntil(() -> settled.size() == 1);
    core.advance(10);
    deliver(1);
    core.runUntil(() -> settled.size() == 2);
    assertEquals(List.of(1, 1), deletes);
  }

  @Test
  void delivered_oneByOne_isDeletedTogether() throws Exception {
    deliver(1);
    core.runUntil(() -> settled.size() == 1);
    for (int i = 0; i < 9; i++) {
      core.advance(1);
      deliver(1);
    }
    assertEquals(List.of(1), deletes);
    core.advance(2);
    core.runUntil(() -> settled.size() == 10);
    assertEquals(List.of(1, 9), deletes);
  }

  @Test
  void delivered_manyAtOnce_doNotWait() throws Exception {
    deliver(1);
    core.runUntil(() -> settled.size() == 1);
    deliver(500);
    core.runUntil(() -> settled.size() == 501);
    assertEquals(List.of(1, 500), deletes);
  }

  /**
   * Otherwise a destination whose rows somebody holds for hours would seem to move all the time.
   */
  @Test
  void delivered_heldBySomebodyElse_isNotToldAsSettledUntilItIs() throws Exception {
    held.add(0L);
    deliver(1);
    core.runUntil(() -> completions == 1);
    for (int i = 2; i < 5; i++) {
      int looks = i;
      core.advance(Completer.LOCKED_MILLIS);
      core.runUntil(() -> completions == looks);
    }
    assertEquals(0, calls);
    held.clear();
    core.advance(Completer.LOCKED_MILLIS);
    core.runUntil(() -> settled.equals(List.of(0L)));
    assertEquals(1, calls);
  }
}
