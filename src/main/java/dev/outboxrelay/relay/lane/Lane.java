// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.lane;

import dev.outboxrelay.relay.delivery.ConnectionListener;
import dev.outboxrelay.relay.delivery.DestinationConnection;
import dev.outboxrelay.relay.delivery.Moves;
import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.loop.Troubles;
import dev.outboxrelay.relay.ordering.MemoryBudget;
import dev.outboxrelay.relay.ordering.QueuedMessage;
import dev.outboxrelay.relay.settling.Completer;
import dev.outboxrelay.store.DestinationStore;
import dev.outboxrelay.store.Encoding;
import dev.outboxrelay.store.Mark;
import dev.outboxrelay.store.Replaced;
import dev.outboxrelay.values.Destination;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One destination that this relay owns: its connection, and what is in memory of its messages.
 * Lives on the core. Memory may be dropped at any moment, since the table knows what is owed.
 */
public final class Lane implements Progress.Moving, Conductor, ConnectionListener {
  private final Destination destination;
  private final Encoding encoding;
  private final Scheduler loop;
  private final DatabaseWork databaseWork;
  private final Troubles troubles;
  private final DestinationStore destinations;
  private final MemoryBudget memory;
  private final Completer completer;
  private final Function<Conductor, Backlog> backlogs;
  private final DestinationConnection connection;
  private final Moves moves;
  private final Consumer<Lane> onReplaced;
  private Backlog backlog;

  /** Where what is owed begins, as far as is known. */
  private @Nullable Mark mark;

  /** Above this id nothing had been looked at then. */
  private long markedUpTo = Long.MAX_VALUE;

  /** What stands in the table. */
  private @Nullable Mark writtenMark;

  /** State changes that are not committed yet, also those of a backlog that was dropped. */
  private int updatesUnderWay;

  private boolean startWanted;
  private boolean retired;
  private boolean abandoned;
  private @Nullable Runnable whenEmpty;

  /**
   * @param mark as it stands in the table
   * @param onReplaced is told when the lane's epoch is over
   */
  Lane(
      Destination destination,
      Encoding encoding,
      @Nullable Mark mark,
      Scheduler loop,
      DatabaseWork databaseWork,
      Troubles troubles,
      DestinationStore destinations,
      MemoryBudget memory,
      Completer completer,
      Function<ConnectionListener, DestinationConnection> connections,
      Function<Conductor, Backlog> backlogs,
      Consumer<Lane> onReplaced) {
    this.onReplaced = onReplaced;
    this.destination = destination;
    this.encoding = encoding;
    this.mark = mark;
    this.loop = loop;
    this.databaseWork = databaseWork;
    this.troubles = troubles;
    this.destinations = destinations;
    this.memory = memory;
    this.completer = completer;
    this.backlogs = backlogs;
    moves = new Moves(destination.ackTimeout().toNanos(), loop.nanoTime());
    writtenMark = mark;
    connection = connections.apply(this);
    backlog = backlogs.apply(this);
    memory.enter();
  }

  @Override
  public String name() {
    return destination.name();
  }

  public int doorbell() {
    return destination.doorbell();
  }

  @Override
  public Destination destination() {
    return destination;
  }

  @Override
  public Encoding encoding() {
    return encoding;
  }

  public Backlog backlog() {
    return backlog;
  }

  @Override
  public @Nullable Mark mark() {
    return mark;
  }

  public long markedUpTo() {
    return markedUpTo;
  }

  /**
   * What is owed begins elsewhere now.
   *
   * @param now null when that is to be found out
   * @param upTo the largest id that had been looked at then, if that is known
   */
  public void mark(@Nullable Mark now, long upTo) {
    mark = now;
    markedUpTo = upTo;
  }

  /** What stands in the table. */
  public @Nullable Mark writtenMark() {
    return writtenMark;
  }

  public void wroteMark(@Nullable Mark written) {
    writtenMark = written;
  }

  /** Reads everything owed, from the start: after a take-over, and whenever memory was dropped. */
  @Override
  public void start() {
    if (destination.paused() || retired) {
      return;
    }
    // What was refused before memory was dropped may not be marked yet; its followers must not be
    // read as free.
    startWanted = updatesUnderWay > 0;
    if (!startWanted) {
      backlog.start();
    }
  }

  /**
   * An earlier owner, or this one under earlier settings, has reported the destination as down,
   * which may be long over while nothing is owed: find out.
   */
  public void probeIfDown() {
    if (destination.paused()) {
      return;
    }
    databaseWork.submit(
        "state of " + name(),
        () -> destinations.isDown(name()),
        down -> {
          if (down && !retired) {
            connection.probe();
          }
        });
  }

  @Override
  public long epoch() {
    return encoding.epoch();
  }

  @Override
  public Moves moves() {
    return moves;
  }

  /** Something of it was settled in the table. */
  @Override
  public void settled() {
    moves.settled(loop.nanoTime());
  }

  @Override
  public boolean rests() {
    return retired
        || destination.paused()
        || connection.isDown()
        || connection.isSlowedDown()
        || isEmpty() && backlog.isEmpty();
  }

  @Override
  public boolean isHeldUp() {
    return backlog.isHeldUp();
  }

  /** Throws everything in memory away; {@link #start} reads it again. */
  @Override
  public void reset() {
    if (mark == null) {
      mark(backlog.window().reached(), Long.MAX_VALUE);
    }
    backlog.drop();
    backlog = backlogs.apply(this);
    startWanted = false;
  }

  /** Does whatever can be done now. */
  @Override
  public void pump() {
    if (retired) {
      checkEmpty();
    } else {
      backlog.pump();
    }
  }

  @Override
  public void send() {
    connection.send();
  }

  @Override
  public void takeReady(int limit, long bytes, List<QueuedMessage> into) {
    backlog.takeReady(limit, bytes, into);
  }

  @Override
  public void acknowledged(QueuedMessage entry) {
    backlog.acknowledged(entry);
  }

  @Override
  public void answersHeard() {
    completer.flush();
  }

  @Override
  public void refused(
      QueuedMessage entry, String reason, boolean retry, @Nullable Duration retryAfter) {
    backlog.refused(entry, reason, retry, retryAfter);
  }

  @Override
  public void deferred(QueuedMessage entry) {
    backlog.queue().deferred(entry);
  }

  @Override
  public void paused(QueuedMessage entry) {
    backlog.queue().paused(entry);
  }

  @Override
  public void unanswered(List<QueuedMessage> entries) {
    backlog.queue().unanswered(entries);
  }

  @Override
  public void suspected(QueuedMessage entry) {
    backlog.queue().suspected(entry);
  }

  @Override
  public int inFlight() {
    return connection.inFlight();
  }

  /** What came of a change of rows; null when somebody has taken the destination over. */
  private record Changed<T>(@Nullable T result) {}

  private static <T> DatabaseWork.Statement<Changed<T>> unlessReplaced(
      DatabaseWork.Statement<T> update) {
    return () -> {
      try {
        return new Changed<>(update.run());
      } catch (Replaced e) {
        return new Changed<>(null);
      }
    };
  }

  /** Changes the state of rows; {@code then} is left out when the backlog was dropped meanwhile. */
  @Override
  public <T> void update(String what, DatabaseWork.Statement<T> update, Consumer<T> then) {
    Backlog asking = backlog;
    updatesUnderWay++;
    databaseWork.submit(
        what,
        troubles.watched(List.of(name()), what, unlessReplaced(update)),
        changed -> {
          updatesUnderWay--;
          T result = changed.result();
          if (result == null) {
            replaced();
          } else if (asking == backlog) {
            then.accept(result);
            pump();
          } else if (startWanted) {
            start();
          }
        });
  }

  /**
   * A relay that owned the destination before raised the epoch late. Nothing can be marked under
   * this one any more; whoever owns the destination takes it over anew.
   */
  private void replaced() {
    if (!abandoned) {
      onReplaced.accept(this);
    }
  }

  /**
   * Sends nothing more, waits for the answers to what is in flight, and settles them.
   *
   * @param then runs once nothing is in flight; not after {@link #abandon}
   */
  public void retire(Runnable then) {
    retired = true;
    backlog.stopReading();
    whenEmpty = then;
    checkEmpty();
  }

  private void checkEmpty() {
    Runnable then = whenEmpty;
    if (then != null && isEmpty()) {
      whenEmpty = null;
      abandon("nothing more to send");
      then.run();
    }
  }

  /** Closes the connection at once and drops everything. */
  public void abandon(String reason) {
    if (abandoned) {
      return;
    }
    abandoned = true;
    retired = true;
    connection.close(reason);
    reset();
    memory.leave();
  }

  /** Nothing is in flight, and every answer is settled in the table. */
  public boolean isEmpty() {
    return connection.inFlight() == 0 && backlog.settling() == 0;
  }

  public boolean isRetired() {
    return retired;
  }
}
