// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.values.WireId;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Logs a relay: a change of state at INFO, what a person should look at as WARN, single messages at
 * DEBUG. Used on one thread at a time.
 */
final class RelayLog implements RelayEvents {
  private static final Logger LOG = LoggerFactory.getLogger("dev.outboxrelay.relay");

  private static final String DESTINATION = "outbox.destination";
  private static final String MESSAGE = "outbox.message";
  private static final String SET_ASIDE = "messages set aside";
  private static final String LOST = "connections lost";
  private static final String DOWN = "times that it could not be reached";
  private static final List<String> KINDS = List.of(SET_ASIDE, LOST, DOWN);

  /** The same words in the log and where readiness is asked for. */
  static final String WHAT_A_COPY_WAITS_FOR =
      "nothing is sent until select outbox.adopt() (this is the one now)"
          + " or select outbox.release_all() (this is a copy)";

  /** Destinations whose trouble has been told: each further failed probe is DEBUG. */
  private final Set<String> down = new HashSet<>();

  /** Why the database is lost: each reason is told once. */
  private final Reasons losses = new Reasons();

  /** What fails, with the reason that was told. */
  private final Map<String, String> failing = new HashMap<>();

  private final LineBudget budget;

  private boolean connected;

  RelayLog() {
    this(System::nanoTime);
  }

  RelayLog(LongSupplier nanoTime) {
    budget = new LineBudget(nanoTime);
  }

  private static LoggingEventBuilder of(LoggingEventBuilder line, String destination) {
    return line.addKeyValue(DESTINATION, destination);
  }

  /** Whether there may be a line of it, as WARN; tells before it how many were left out. */
  private boolean isToTell(String destination, String kind) {
    long left = budget.ask(destination, kind);
    tellLeftOut(destination, kind, left);
    return left >= 0;
  }

  private static void tellLeftOut(String destination, String kind, long left) {
    if (left > 0) {
      of(LOG.atWarn(), destination)
          .log("destination {}: {} more {} were not logged one by one", destination, left, kind);
    }
  }

  @Override
  public void connected() {
    connected = true;
    losses.clear();
    failing.clear();
    LOG.info("connected to the database");
  }

  @Override
  public void databaseLost(String reason, long retryInMillis) {
    String what = connected ? "lost the database" : "no database to work with";
    connected = false;
    if (losses.isNew(reason)) {
      LOG.warn("{}: {}; trying again, every 5 s at the latest", what, reason);
    } else {
      LOG.debug("{}: {}; trying again in {} ms", what, reason, retryInMillis);
    }
  }

  @Override
  public void statementFailed(String what, String reason, long retryInMillis) {
    if (reason.equals(failing.put(what, reason))) {
      LOG.debug("{} failed: {}; trying again in {} ms", what, reason, retryInMillis);
    } else {
      LOG.warn("{} failed: {}; trying again, every 5 s at the latest", what, reason);
    }
  }

  @Override
  public void statementSucceeded(String what) {
    failing.remove(what);
  }

  @Override
  public void stoppedWaiting(long waitedMillis) {
    LOG.warn("answers did not come within {} ms; what is unanswered stays owed", waitedMillis);
  }

  @Override
  public void copied(String finding) {
    LOG.warn("{}; {}", finding, WHAT_A_COPY_WAITS_FOR);
  }

  @Override
  public void adopted() {
    LOG.info("this database is the one to send from now");
  }

  @Override
  public void destinations(Set<String> names) {
    down.retainAll(names);
    budget.retain(names);
  }

  @Override
  public void owned(String destination, long epoch) {
    of(LOG.atInfo(), destination).log("destination {}: delivering, epoch {}", destination, epoch);
  }

  @Override
  public void released(String destination, String reason) {
    down.remove(destination);
    of(LOG.atInfo(), destination)
        .log("destination {}: not delivering any more: {}", destination, reason);
  }

  @Override
  public void up(String destination) {
    if (down.remove(destination)) {
      of(LOG.atInfo(), destination).log("destination {}: reached again", destination);
    } else {
      of(LOG.atDebug(), destination).log("destination {}: reached", destination);
    }
  }

  @Override
  public void down(String destination, String reason, long probeInMillis) {
    if (!down.contains(destination) && isToTell(destination, DOWN)) {
      down.add(destination);
      of(LOG.atWarn(), destination)
          .log(
              "destination {}: cannot be reached: {}; its messages wait, next try in {} ms",
              destination,
              reason,
              probeInMillis);
    } else {
      of(LOG.atDebug(), destination)
          .log(
              "destination {}: still not reached: {}; next try in {} ms",
              destination,
              reason,
              probeInMillis);
    }
  }

  @Override
  public void stalled(String destination, long quietMillis) {
    of(LOG.atWarn(), destination)
        .log(
            "destination {}: messages are owed and nothing has been sent or settled for {} ms;"
                + " see outbox.status and the doctor",
            destination,
            quietMillis);
  }

  @Override
  public void moving(String destination) {
    of(LOG.atInfo(), destination).log("destination {}: goes on", destination);
  }

  @Override
  public void connectionLost(String destination, String reason, int inFlight) {
    boolean told = isToTell(destination, LOST);
    of(told ? LOG.atWarn() : LOG.atDebug(), destination)
        .log(
            "destination {}: connection lost with {} messages unanswered, which are sent again: {}",
            destination,
            inFlight,
            reason);
  }

  @Override
  public void rung(String destination, int times) {
    of(LOG.atDebug(), destination).log("destination {}: writers rang {} times", destination, times);
  }

  @Override
  public void sent(String destination, int messages, long bytes) {
    of(LOG.atDebug(), destination)
        .log("destination {}: sent {} messages, {} bytes", destination, messages, bytes);
  }

  @Override
  public void acknowledged(String destination, int messages) {
    of(LOG.atDebug(), destination)
        .log("destination {}: {} messages acknowledged", destination, messages);
  }

  @Override
  public void completed(int messages, int missing) {
    if (missing > 0) {
      LOG.warn(
          "{} delivered messages were not in the table any more: somebody else removed them",
          missing);
    }
  }

  @Override
  public void retried(
      String destination, WireId id, int attempts, long delayMillis, String reason) {
    of(LOG.atDebug(), destination)
        .addKeyValue(MESSAGE, id)
        .log(
            "destination {}: message {} refused (attempt {}), again in {} ms: {}",
            destination,
            id,
            attempts,
            delayMillis,
            reason);
  }

  @Override
  public void failed(String destination, WireId id, int attempts, String reason) {
    boolean told = isToTell(destination, SET_ASIDE);
    of(told ? LOG.atWarn() : LOG.atDebug(), destination)
        .addKeyValue(MESSAGE, id)
        .log(
            "destination {}: message {} set aside as failed after {} attempts: {}; see outbox.failed",
            destination,
            id,
            attempts,
            reason);
  }

  @Override
  public void held(String destination, int messages) {
    of(LOG.atDebug(), destination)
        .log("destination {}: {} messages wait behind a refused one", destination, messages);
  }

  @Override
  public void missed(String destination, int messages) {
    of(LOG.atWarn(), destination)
        .log(
            "destination {}: the sweep found {} messages that no bell had announced; they are sent now."
                + " With 'outbox.notify = off' this is expected, set --poll; and of rows that were put"
                + " back with their old xid. Otherwise please report it",
            destination,
            messages);
  }

  @Override
  public void passedOver(String destination, int messages) {
    of(LOG.atWarn(), destination)
        .log(
            "destination {}: the sweep found {} messages that had been passed over; they are sent now."
                + " Of rows that were put back with their old xid this is expected, otherwise please"
                + " report it",
            destination,
            messages);
  }

  @Override
  public void standing(String destination, int inFlight, int heldKeys) {
    for (String kind : KINDS) {
      tellLeftOut(destination, kind, budget.overdue(destination, kind));
    }
  }

  @Override
  public void asleep() {
    LOG.debug("asleep until a writer rings");
  }
}
