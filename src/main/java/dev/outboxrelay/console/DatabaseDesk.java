// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import dev.outboxrelay.operate.Action;
import dev.outboxrelay.operate.Destinations;
import dev.outboxrelay.operate.FailedMessages;
import dev.outboxrelay.operate.MessageName;
import dev.outboxrelay.operate.Overview;
import dev.outboxrelay.operate.Repair;
import dev.outboxrelay.operate.Replay;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Selection;
import dev.outboxrelay.operate.Session;
import dev.outboxrelay.store.Doctor;
import dev.outboxrelay.store.Login;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks by sessions of its own, beside the relay's pool, so that nothing that a person looks for
 * takes a connection from a delivery. A request logs in, asks and leaves; the look at the
 * destinations keeps its session.
 */
final class DatabaseDesk implements Desk {
  /** What a person waits for may take so long. */
  private static final Duration LIMIT = Duration.ofSeconds(30);

  private static final Logger LOG = LoggerFactory.getLogger(DatabaseDesk.class);

  /** The look itself, and finding all that match: nobody sits before it. */
  private static final Duration LONG = Duration.ofMinutes(10);

  /** The sizes of messages change little. */
  private static final Duration SIZES_EACH = Duration.ofSeconds(30);

  /** So many are shown. */
  private static final int REPLAYS = 100;

  private static final String APPLICATION = "console";

  private final Login login;
  private @Nullable Session looking;
  private Map<String, Double> averageBytes = Map.of();
  private long sizesNanos;

  DatabaseDesk(Login login) {
    this.login = login;
  }

  /** What is done with a session. */
  @FunctionalInterface
  private interface Ask<T> {
    T of(Session session) throws SQLException;
  }

  private <T> T ask(Duration limit, Ask<T> ask) {
    try (Session session = Session.open(login, APPLICATION)) {
      session.limit(limit);
      return ask.of(session);
    } catch (SQLException e) {
      LOG.debug("the database refuses", e);
      throw Refusals.of(e, login.user(), limit);
    }
  }

  @Override
  public synchronized List<Row> look() {
    try {
      Session session = looking;
      if (session == null) {
        session = Session.open(login, APPLICATION);
        looking = session;
        session.limit(LONG);
      }
      Overview overview = new Overview(session);
      List<Row> rows = overview.look();
      measure(overview);
      return rows.stream().map(this::withBytes).toList();
    } catch (SQLException e) {
      LOG.debug("the database refuses", e);
      rest();
      throw Refusals.of(e, login.user(), LONG);
    }
  }

  private void measure(Overview overview) throws SQLException {
    long now = System.nanoTime();
    if (!averageBytes.isEmpty() && now - sizesNanos < SIZES_EACH.toNanos()) {
      return;
    }
    sizesNanos = now;
    Map<String, Double> averages = new HashMap<>();
    for (Row row : overview.sizes()) {
      averages.put(row.text("destination"), (double) row.number("bytes") / row.number("messages"));
    }
    averageBytes = averages;
  }

  private Row withBytes(Row row) {
    long owed = row.number("pending") + row.number("retry") + row.number("held");
    Double average = averageBytes.get(row.text("destination"));
    Object bytes = owed == 0 ? Long.valueOf(0) : average == null ? null : about(owed * average);
    return row.with("owed_bytes", bytes);
  }

  /** Two digits of it: it is a guess, and a guess must not change all the time. */
  private static Object about(double bytes) {
    double unit = Math.pow(10, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes))) - 1));
    return Math.round(Math.round(bytes / unit) * unit);
  }

  @Override
  public synchronized void rest() {
    Session session = looking;
    looking = null;
    if (session == null) {
      return;
    }
    try {
      session.close();
    } catch (SQLException e) {
      LOG.debug("a session could not be closed", e);
    }
  }

  @Override
  public List<Row> failed(Selection selection, String destination, long number, int limit) {
    return ask(
        LIMIT,
        session -> {
          FailedMessages failed = new FailedMessages(session);
          List<Row> rows = new ArrayList<>();
          for (String each : destinations(session, selection, destination)) {
            long after = each.equals(destination) ? number : Long.MIN_VALUE;
            rows.addAll(failed.page(selection, each, after, limit - rows.size()));
            if (rows.size() >= limit) {
              break;
            }
          }
          return rows;
        });
  }

  /** From the last one before on. One that is deleted may have left messages. */
  private static List<String> destinations(Session session, Selection selection, String from)
      throws SQLException {
    if (selection.destination() != null) {
      return List.of(selection.destination());
    }
    TreeSet<String> names = new TreeSet<>();
    session
        .query("select n.name from outbox.destination_number n")
        .forEach(row -> names.add(row.text("name")));
    return List.copyOf(names.tailSet(from));
  }

  @Override
  public long count(Selection selection) {
    return ask(LIMIT, session -> new Repair(session, Action.REQUEUE).count(selection));
  }

  @Override
  public List<Row> payload(MessageName name, int characters) {
    return ask(LIMIT, session -> new FailedMessages(session).payload(name, characters));
  }

  @Override
  public List<Row> explain(MessageName name) {
    return ask(LIMIT, session -> new Overview(session).explain(name));
  }

  @Override
  public List<Row> captures() {
    return ask(LIMIT, session -> new Overview(session).captures(null, null));
  }

  @Override
  public List<Row> replays() {
    return ask(LIMIT, session -> new Overview(session).replays(REPLAYS));
  }

  @Override
  public boolean cancelReplay(long id) {
    return ask(LIMIT, session -> new Replay(session).cancel(id));
  }

  @Override
  public List<Row> doctor() {
    try {
      return Doctor.examine(login).stream()
          .map(
              finding ->
                  Row.of(
                      "severity", finding.severity(),
                      "check", finding.check(),
                      "object", finding.object(),
                      "finding", finding.finding(),
                      "remedy", finding.remedy()))
          .toList();
    } catch (SQLException e) {
      LOG.debug("the database refuses", e);
      throw Refusals.of(e, login.user(), LIMIT);
    }
  }

  @Override
  public boolean pause(String destination, boolean paused) {
    return ask(
        LIMIT,
        session -> {
          Destinations destinations = new Destinations(session);
          Row row =
              destinations
                  .find(destination)
                  .orElseThrow(
                      () ->
                          new Problem(
                              404,
                              "there is no destination '" + destination + "'",
                              "choose one of those that are shown"));
          if (row.isTrue("paused") == paused) {
            return false;
          }
          destinations.pause(destination, paused);
          return true;
        });
  }

  @Override
  public void mustBeAllowed(Action action) {
    if (!ask(LIMIT, session -> new Repair(session, action).isAllowed())) {
      String messages = action.name().toLowerCase(Locale.ROOT) + " messages";
      throw Refusals.withoutRight(login.user(), messages);
    }
  }

  @Override
  public List<String> act(Action action, List<MessageName> names) {
    return ask(LIMIT, session -> new Repair(session, action).named(names));
  }

  @Override
  public Repair.Outcome act(Action action, Selection selection, Repair.Progress progress) {
    return ask(LONG, session -> new Repair(session, action).all(selection, progress));
  }
}
