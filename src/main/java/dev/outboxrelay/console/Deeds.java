// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import dev.outboxrelay.operate.Harmless;
import dev.outboxrelay.operate.Row;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who did what: in the log all of it, in lines of a bounded length, and for the page the last
 * hundred, each by its beginning. Safe for threads.
 */
final class Deeds {
  private static final Logger LOG = LoggerFactory.getLogger(Deeds.class);
  private static final int MOST = 100;
  private static final int LINE = 1000;

  /** A request is smaller than that. */
  private static final int MOST_LINES = 500;

  private final Deque<Row> last = new ArrayDeque<>();

  /**
   * Notes it.
   *
   * @param what may hold whatever a person has typed
   */
  synchronized void note(Person person, String what) {
    String harmless = Harmless.text(what);
    List<String> lines = lines(harmless);
    if (lines.size() == 1) {
      LOG.info("console: {} {}", person, harmless);
    } else {
      for (int n = 0; n < lines.size(); n++) {
        LOG.info("console: {} ({} of {}) {}", person, n + 1, lines.size(), lines.get(n));
      }
    }
    last.addFirst(
        Row.of(
            "at", Instant.now(),
            "by", person.name(),
            "from", person.client(),
            "what", Harmless.cut(harmless, LINE)));
    if (last.size() > MOST) {
      last.removeLast();
    }
  }

  /** Broken behind a space where there is one: an id stands in one line. */
  private static List<String> lines(String text) {
    List<String> lines = new ArrayList<>();
    int at = 0;
    while (text.length() - at > LINE && lines.size() < MOST_LINES - 1) {
      int space = text.lastIndexOf(' ', at + LINE - 1);
      int end = space > at ? space + 1 : at + LINE;
      if (Character.isLowSurrogate(text.charAt(end))) {
        end--;
      }
      lines.add(text.substring(at, end));
      at = end;
    }
    String rest = text.substring(at);
    lines.add(lines.size() < MOST_LINES - 1 ? rest : Harmless.cut(rest, LINE));
    return lines;
  }

  /** The latest first. */
  synchronized List<Row> last() {
    return List.copyOf(last);
  }
}
