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
 * receiver's crashes, as a receiver's own database would.
 *
 * <p>Order: every change names the row as it was before, so the changes of a key form a chain. A
 * first arrival must take up its chain where the last one left it; that is commit order, without
 * asking anybody in which order the commits came.
 */
final class Inbox {
  private static final int REMEMBERED_PROBLEMS = 20;

  /** What is remembered of a message that arrived. */
  private static final class Arrival {
    final long change;
    final long firstNanos;
    int lastConnection;
    long answeredNanos;

    Arrival(long change, int connection, long nanos) {
      this.change = change;
      this.lastConnection = connection;
      this.firstNanos = nanos;
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

  private final Legacy.Target target;
  private final Map<String, Arrival> arrivals = new HashMap<>();
  private final Map<String, Set<Long>> changes = new HashMap<>();
  private final Map<String, Map<String, Long>> rows = new TreeMap<>();
  private final Map<String, Integer> publishedOrder = new HashMap<>();
  private final Map<Integer, Map<String, String>> unanswered = new HashMap<>();
  private final List<Repeat> repeats = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private final TreeMap<Long, Long> epochs = new TreeMap<>();
  private long outOfOrder;
  private long pipelined;
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
      repeats.add(
          new Repeat(
              id,
              line.connection(),
              message.path("epoch").asLong(),
              known.firstNanos,
              known.answeredNanos,
              line.nanos()));
      known.lastConnection = line.connection();
      if (known.change != change) {
        altered++;
        problem("message " + id + " came again as another change: " + line.text());
      }
      return;
    }
    arrivals.put(id, new Arrival(change, line.connection(), line.nanos()));
    if (!changes.computeIfAbsent(table, t -> new HashSet<>()).add(change)) {
      altered++;
      problem("two messages for one change, the second is " + line.text());
    }
    if (table.equals(Legacy.PUBLISHED)) {
      orderOfPublished(key, message, line);
    } else {
      chain(table, key, message, line);
    }
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
      pipelined++;
      problem("message " + id + " was sent while " + before + " of its key was unanswered");
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

  private void chain(String table, String key, JsonNode message, Line line) {
    Map<String, Long> marks = rows.computeIfAbsent(table, t -> new HashMap<>());
    @Nullable Long expected = marks.get(key);
    @Nullable Long before = mark(message.path("old"));
    @Nullable Long after = mark(message.path("new"));
    if (expected == null ? before != null : !expected.equals(before)) {
      outOfOrder++;
      problem("the key's row stood at mark " + expected + " when there came " + line.text());
    }
    if (after == null) {
      marks.remove(key);
    } else {
      marks.put(key, after);
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

  Legacy.Target target() {
    return target;
  }

  synchronized Set<Long> changes(String table) {
    return new HashSet<>(changes.getOrDefault(table, Set.of()));
  }

  /** The rows of a table as the lines tell them: key to mark. */
  synchronized Map<String, Long> rows(String table) {
    return new TreeMap<>(rows.getOrDefault(table, Map.of()));
  }

  synchronized int firstArrivals() {
    return arrivals.size();
  }

  synchronized List<Repeat> repeats() {
    return List.copyOf(repeats);
  }

  synchronized long outOfOrder() {
    return outOfOrder;
  }

  /** Messages sent while one of their key was unanswered, or beyond {@code max_in_flight}. */
  synchronized long tooEarly() {
    return pipelined + overfull;
  }

  /** Messages that were refused or left unanswered, and did not come again to be acknowledged. */
  synchronized long neverAcknowledged() {
    return arrivals.values().stream().filter(arrival -> arrival.answeredNanos == 0).count();
  }

  synchronized long altered() {
    return altered;
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
