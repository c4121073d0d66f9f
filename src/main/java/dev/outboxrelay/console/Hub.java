// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import dev.outboxrelay.http.HttpStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The pages that are open. Each has at most one piece under way: a page that takes nothing for long
 * is dropped, and one that missed a change is told everything next. All pages share the bytes that
 * are sent. Safe for threads.
 */
final class Hub {
  /** So many pages may be open at once. */
  static final int MOST = 1024;

  /** A page that takes nothing for so long is dropped. */
  static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Shows that the connection stands, both to the page and to us. */
  private static final byte[] STILL_HERE = ": \n\n".getBytes(StandardCharsets.UTF_8);

  private final LongSupplier nanos;
  private final Map<HttpStream, Page> pages = new LinkedHashMap<>();
  private boolean newcomers;

  private static final class Page {
    final Person person;
    boolean upToDate;
    long tookNanos;

    Page(Person person, long nowNanos) {
      this.person = person;
      tookNanos = nowNanos;
    }
  }

  Hub(LongSupplier nanos) {
    this.nanos = nanos;
  }

  /** Whether one more page of this person's can be taken in, if need be for somebody else's. */
  synchronized boolean hasRoom(Person person) {
    return pages.size() < MOST || tooMany(person) != null;
  }

  /**
   * A page of whoever has the most, where that are more than this person's would be: nobody keeps
   * the others out by opening pages.
   */
  private @Nullable HttpStream tooMany(Person person) {
    Map<String, Integer> counts = new HashMap<>();
    pages.values().forEach(page -> counts.merge(page.person.name(), 1, Integer::sum));
    String most = Collections.max(counts.entrySet(), Map.Entry.comparingByValue()).getKey();
    if (counts.getOrDefault(most, 0) <= counts.getOrDefault(person.name(), 0) + 1) {
      return null;
    }
    return pages.entrySet().stream()
        .filter(each -> each.getValue().person.name().equals(most))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(null);
  }

  synchronized int count() {
    return pages.size();
  }

  /** A page is there; it is told everything with the next round. */
  void open(HttpStream stream, Person person) {
    HttpStream leaving = null;
    synchronized (this) {
      if (pages.size() >= MOST) {
        leaving = tooMany(person);
        if (leaving == null) {
          stream.end();
          return;
        }
        pages.remove(leaving);
      }
      pages.put(stream, new Page(person, nanos.getAsLong()));
      newcomers = true;
      notifyAll();
    }
    if (leaving != null) {
      leaving.end();
    }
    stream.onEnd(() -> close(stream));
  }

  private synchronized void close(HttpStream stream) {
    pages.remove(stream);
  }

  /**
   * Waits for a page, or a newcomer.
   *
   * @return whether any page is open
   */
  synchronized boolean await(Duration most) throws InterruptedException {
    long end = nanos.getAsLong() + most.toNanos();
    long left = most.toMillis();
    while (!newcomers && left > 0) {
      wait(left);
      left = (end - nanos.getAsLong()) / 1_000_000;
    }
    newcomers = false;
    return !pages.isEmpty();
  }

  /** Tells all pages what has changed, and those that do not know the rest everything. */
  void tell(byte[] changes, byte[] whole) {
    long now = nanos.getAsLong();
    for (Map.Entry<HttpStream, Page> each : snapshot()) {
      Page page = each.getValue();
      boolean took = each.getKey().offer(page.upToDate ? changes : whole);
      after(each.getKey(), page, took, took, now);
    }
  }

  /** Tells everything to those that do not know it, and others nothing. */
  void tellNewcomers(byte[] whole) {
    long now = nanos.getAsLong();
    for (Map.Entry<HttpStream, Page> each : snapshot()) {
      Page page = each.getValue();
      if (!page.upToDate) {
        boolean took = each.getKey().offer(whole);
        after(each.getKey(), page, took, took, now);
      }
    }
  }

  /** Sends those away that are not let in any more. */
  void keepOnly(Predicate<Person> isStillIn) {
    for (Map.Entry<HttpStream, Page> each : snapshot()) {
      if (!isStillIn.test(each.getValue().person)) {
        each.getKey().end();
      }
    }
  }

  /** Shows all pages that the connection stands. */
  void stillHere() {
    long now = nanos.getAsLong();
    for (Map.Entry<HttpStream, Page> each : snapshot()) {
      Page page = each.getValue();
      boolean took = each.getKey().offer(STILL_HERE);
      after(each.getKey(), page, took, page.upToDate, now);
    }
  }

  private synchronized void after(
      HttpStream stream, Page page, boolean took, boolean upToDate, long now) {
    page.upToDate = upToDate;
    if (took) {
      page.tookNanos = now;
    } else if (now - page.tookNanos > PATIENCE.toNanos()) {
      stream.end();
    }
  }

  private synchronized List<Map.Entry<HttpStream, Page>> snapshot() {
    return new ArrayList<>(pages.entrySet());
  }

  /** Sends all away. */
  void closeAll() {
    snapshot().forEach(each -> each.getKey().end());
  }
}
