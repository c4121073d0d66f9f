// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import dev.outboxrelay.operate.Harmless;
import dev.outboxrelay.operate.Row;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who did what: a line of the log each, and the last hundred for the page. Safe for threads. */
final class Deeds {
  private static final Logger LOG = LoggerFactory.getLogger(Deeds.class);
  private static final int MOST = 100;
  private static final int MAX_COLUMNS = 1000;

  private final Deque<Row> last = new ArrayDeque<>();

  /**
   * Notes it.
   *
   * @param what may hold whatever a person has typed
   */
  synchronized void note(Person person, String what) {
    String harmless = Harmless.cut(Harmless.text(what), MAX_COLUMNS);
    LOG.info("console: {} {}", person, harmless);
    last.addFirst(
        Row.of(
            "at", Instant.now(),
            "by", person.name(),
            "from", person.client(),
            "what", harmless));
    if (last.size() > MOST) {
      last.removeLast();
    }
  }

  /** The latest first. */
  synchronized List<Row> last() {
    return List.copyOf(last);
  }
}
