// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import com.fasterxml.jackson.databind.JsonNode;
import dev.outboxrelay.testing.ScriptedReceiver.Line;
import dev.outboxrelay.testing.Wire;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What one destination's receiver got, checked as it comes, from the lines alone. It outlives the
 * receiver's crashes, as a receiver's own database would. What may have an excuse is judged at the
 * end.
 */
final class Inbox {
  private static final int REMEMBERED_PROBLEMS = 20;

  /** What is remembered of a message that arrived. */
  private static final class Arrival {
    final String table;
    final long change;
    final long firstNanos;
    long answeredNanos;

    Arrival(String table, long change, long nanos) {
      this.table = table;
      this.change = change;
      this.firstNanos = nanos;
    }

    boolean isUndone(Excuses excuses) {
      return excuses.isUndone(table, change);
    }
  }

  /**
   * A repetition.
   *
   * @param id the message
   * @param connection where it came again
   * @param epoch the epoch that the repeated line carried
   * @param previousNanos when it had come first
   * @param answeredNanos when it was acknowledged last, 0 when never
   * @param nanos when it came again
   */
  record Repeat(
      String id, int connection, long epoch, long previousNanos, long answeredNanos, long nanos) {}

  /** A message that was sent while this one of its key was unanswered. */
  private record Pipelined(String id, String unanswered) {}

  /** A change that had come as another message. */
  private record Twice(String table, long change, String line) {}

  private final Legacy.Target target;
  private final Map<String, Arrival> arrivals = new HashMap<>();
  private final Map<String, Set<Long>> changes = new HashMap<>();
  private final Chains chains = new Chains();
  private final List<Pipelined> pipelined = new ArrayList<>();
  private final List<Twice> twice = new ArrayList<>();
  private final Map<String, Integer> publishedOrder = new HashMap<>();
  private final Map<Integer, Map<String, String>> unanswered = new HashMap<>();
  private final List<Repeat> repeats = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private final TreeMap<Long, Long> epochs = new TreeMap<>();
  private long outOfOrder;
  private long overfull;
  private long altered;
  private long lateEpochNanos;
  private int mostUnanswered;

  Inbox(Legacy.Target target) {
    this.target = target;
  }

  /** Takes a line in. */
  synchronized void arrived(Line line) {
    JsonNode message = Wire.parse(line.text());
    String id = message.path("id").asText();
    String table = table(message);
    String key = message.path("key").asText("");
    long change = change(message);
    epoch(message.path("epoch").asLong(), line.nanos());
    inFlight(line, id, table + "/" + key);
    Arrival known = arrivals.get(id);
    if (known != null) {
      repeated(id, known, message, line);
      if (known.change != change) {
        altered++;
        problem("message " + id + " came again as another change: " + line.text());
      }
      return;
    }
    arrivals.put(id, new Arrival(table, change, line.nanos()));
    if (!changes.computeIfAbsent(table, t -> new HashSet<>()).add(change)) {
      twice.add(new Twice(table, change, line.text()));
    }
    if (table.equals(Legacy.PUBLISHED)) {
      orderOfPublished(key, message, line);
    } else {
      chains.arrived(
          table, key, mark(message.path("old")), mark(message.path("new")), change, line.text());
    }
  }

  private void repeated(String id, Arrival known, JsonNode message, Line line) {
    repeats.add(
        new Repeat(
            id,
            line.connection(),
            message.path("epoch").asLong(),
            known.firstNanos,
            known.answeredNanos,
            line.nanos()));
  }

  /** The receiver answers the line now, with an acknowledgement or a refusal. */
  synchronized void answered(Line line, boolean acknowledged) {
    String id = line.id();
    Map<String, String> open = unanswered.get(line.connection());
    if (open != null) {
      open.values().remove(id);
    }
    Arrival arrival = arrivals.get(id);
    if (acknowledged && arrival != null) {
      arrival.answeredNanos = System.nanoTime();
    }
  }

  private void inFlight(Line line, String id, String gate) {
    Map<String, String> open = unanswered.get(line.connection());
    if (open == null) {
      // One connection a destination: what is unanswered on an older one is forgotten with it.
      unanswered.keySet().removeIf(connection -> connection < line.connection() - 4);
      open = new HashMap<>();
      unanswered.put(line.connection(), open);
    }
    String before = open.put(gate, id);
    if (before != null && !before.equals(id)) {
      pipelined.add(new Pipelined(id, before));
    }
    mostUnanswered = Math.max(mostUnanswered, open.size());
    if (open.size() > target.maxInFlight()) {
      overfull++;
      problem(open.size() + " messages unanswered, the limit is " + target.maxInFlight());
    }
  }

  private void epoch(long epoch, long nanos) {
    epochs.putIfAbsent(epoch, nanos);
    Map.Entry<Long, Long> newer = epochs.higherEntry(epoch);
    if (newer != null) {
      lateEpochNanos = Math.max(lateEpochNanos, nanos - newer.getValue());
    }
  }

  private void orderOfPublished(String key, JsonNode message, Line line) {
    int number = message.path("new").path("n").asInt();
    Integer last = publishedOrder.put(key, number);
    if (last != null && last >= number) {
      outOfOrder++;
      problem("after number " + last + " of " + key + " came " + line.text());
    }
  }

  private static String table(JsonNode message) {
    return message.path("op").asText().equals("message")
        ? Legacy.PUBLISHED
        : message.path("table").asText();
  }

  private static long change(JsonNode message) {
    Long after = mark(message.path("new"));
    Long before = mark(message.path("old"));
    if (after != null) {
      return Legacy.written(after);
    }
    return before == null ? 0 : Legacy.deleted(before);
  }

  private static @Nullable Long mark(JsonNode row) {
    return row.hasNonNull("mark") ? row.path("mark").asLong() : null;
  }

  private void problem(String text) {
    if (problems.size() < REMEMBERED_PROBLEMS) {
      problems.add(target.name() + ": " + (text.length() > 500 ? text.substring(0, 500) : text));
    }
  }

  String name() {
    return target.name();
  }

  Legacy.Target target() {
    return target;
  }

  synchronized Set<Long> changes(String table) {
    return new HashSet<>(changes.getOrDefault(table, Set.of()));
  }

  synchronized int firstArrivals() {
    return arrivals.size();
  }

  synchronized List<Repeat> repeats() {
    return List.copyOf(repeats);
  }

  /**
   * What is wrong with what arrived.
   *
   * @param outOfOrder first arrivals that did not take up their key where it stood
   * @param tooEarly sent while another message of the key was unanswered, or beyond the limit
   * @param neverAcknowledged refused or left unanswered, and not come again to be acknowledged
   * @param altered repeated with another content, or a change that came as two messages
   */
  record Judgement(long outOfOrder, long tooEarly, long neverAcknowledged, long altered) {}

  synchronized Judgement judge(Excuses excuses) {
    List<Chains.Gap> gaps = chains.unexcused(excuses);
    gaps.forEach(
        gap ->
            problem(
                "the key's row stood at mark "
                    + gap.expected()
                    + " when there came "
                    + gap.line()));
    List<Pipelined> early =
        pipelined.stream().filter(each -> !excuses.isDiscarded(each.unanswered())).toList();
    early.forEach(
        each ->
            problem(
                "message %s was sent while %s of its key was unanswered"
                    .formatted(each.id(), each.unanswered())));
    // What was undone can happen again: a deletion takes the same mark away once more.
    List<Twice> doubled =
        twice.stream().filter(each -> !excuses.isUndone(each.table(), each.change())).toList();
    doubled.forEach(each -> problem("two messages for one change, the second is " + each.line()));
    return new Judgement(
        outOfOrder + gaps.size(),
        early.size() + overfull,
        neverAcknowledged(excuses),
        altered + doubled.size());
  }

  private long neverAcknowledged(Excuses excuses) {
    return arrivals.entrySet().stream()
        .filter(arrival -> arrival.getValue().answeredNanos == 0)
        .filter(arrival -> !excuses.isDiscarded(arrival.getKey()))
        .filter(arrival -> !arrival.getValue().isUndone(excuses))
        .count();
  }

  /** What differs between the rows of a table and what the lines tell of them. */
  synchronized List<String> differences(String table, Set<Long> there, Excuses excuses) {
    return chains.differences(table, there, excuses);
  }

  synchronized int mostUnanswered() {
    return mostUnanswered;
  }

  /** How long after a newer owner's first line an older owner's line still came. */
  synchronized long lateEpochMillis() {
    return TimeUnit.NANOSECONDS.toMillis(lateEpochNanos);
  }

  synchronized List<String> problems() {
    return List.copyOf(problems);
  }
}
