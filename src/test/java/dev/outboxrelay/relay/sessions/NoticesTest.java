// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.sessions;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.sessions.Notices.News;
import dev.outboxrelay.store.ListenSession.Heard;
import dev.outboxrelay.store.ListenSession.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class NoticesTest {
  private final List<Runnable> tasks = new ArrayList<>();
  private final List<News> news = new ArrayList<>();

  private final Scheduler core =
      new Scheduler() {
        @Override
        public void execute(Runnable task) {
          tasks.add(task);
        }

        @Override
        public Timer schedule(long delayMillis, Runnable task) {
          throw new AssertionError("nothing is to wait");
        }

        @Override
        public long nanoTime() {
          return 0;
        }

        @Override
        public java.util.random.RandomGenerator random() {
          throw new UnsupportedOperationException();
        }
      };

  private final Notices notices = new Notices(core, Set.of("a", "b")::contains, news::add);

  private void heard(Kind kind, String... names) {
    List<Heard> heard = new ArrayList<>();
    for (String name : names) {
      heard.add(new Heard(kind, name));
    }
    notices.heard(heard);
  }

  private void run() {
    List<Runnable> all = List.copyOf(tasks);
    tasks.clear();
    all.forEach(Runnable::run);
  }

  @Test
  void flood_coreBusy_isOneHandOverOfWhatLanesHave() {
    for (int n = 0; n < 100_000; n++) {
      heard(Kind.BELL, "nope" + n, "a");
      heard(Kind.CONTROL, "nope" + n, "b");
    }
    assertEquals(1, tasks.size());
    run();
    News only = news.get(0);
    assertEquals(Map.of("a", 100_000), only.bells());
    assertEquals(Set.of("b"), only.changed());
    assertTrue(only.anyChanged());
    assertFalse(only.allChanged());
    assertEquals(1, news.size());
  }

  @Test
  void strangersBell_alone_isNothingToTheCore() {
    heard(Kind.BELL, "nope");
    heard(Kind.SELF_TEST, "nope");
    assertEquals(List.of(), tasks);
  }

  @Test
  void ownBell_heard_isHandedOver() {
    heard(Kind.SELF_TEST, "7");
    heard(Kind.SELF_TEST, "6");
    run();
    assertEquals(7, news.get(0).ownBell());
  }

  /** A destination that is new has no lane yet. */
  @Test
  void change_ofADestinationWithoutALane_isHandedOverWithoutItsName() {
    heard(Kind.CONTROL, "new");
    run();
    assertTrue(news.get(0).anyChanged());
    assertEquals(Set.of(), news.get(0).changed());
  }

  @Test
  void what_comesAfterAHandOver_isHandedOverAgain() {
    heard(Kind.CONTROL, "");
    run();
    assertTrue(news.get(0).allChanged());
    heard(Kind.BELL, "b");
    assertEquals(1, tasks.size());
    run();
    assertEquals(Map.of("b", 1), news.get(1).bells());
    assertFalse(news.get(1).anyChanged());
  }

  @Test
  void flood_thatWasNotHeard_isToldOnce() {
    notices.flooded();
    notices.flooded();
    assertEquals(1, tasks.size());
    run();
    assertTrue(news.get(0).flooded());
    heard(Kind.BELL, "a");
    run();
    assertFalse(news.get(1).flooded());
  }
}
