// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.store.DatabaseSettings;
import dev.outboxrelay.store.ObserverSession;
import dev.outboxrelay.store.Owed;
import dev.outboxrelay.threads.Errors;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at what is owed every 15 seconds, on a thread and a session of its own, so that a scrape
 * asks nothing of the database and a slow look delays no delivery.
 */
final class Observer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Observer.class);
  private static final Duration EVERY = Duration.ofSeconds(15);

  private final DatabaseSettings settings;
  private final Consumer<Optional<List<Owed>>> told;
  private final long everyMillis;
  private final Thread thread = new Thread(this::run, "relay-observer");
  private volatile @Nullable ObserverSession session;
  private volatile boolean closed;

  private Observer(DatabaseSettings settings, Consumer<Optional<List<Owed>>> told) {
    this.settings = settings;
    this.told = told;
    // The server ends a control session that is silent for long.
    everyMillis = Math.min(EVERY.toMillis(), settings.silenceLimit().toMillis() / 3);
  }

  /**
   * Starts.
   *
   * @param told gets what was seen, on a thread of its own; empty when another relay tells it, or
   *     it could not be seen
   */
  static Observer start(DatabaseSettings settings, Consumer<Optional<List<Owed>>> told) {
    Observer observer = new Observer(settings, told);
    observer.thread.setDaemon(true);
    observer.thread.start();
    return observer;
  }

  /** INVARIANT: only a close ends this. */
  private void run() {
    while (!closed) {
      try {
        look();
        Thread.sleep(everyMillis);
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException | Error e) {
        Errors.report(e);
        LOG.error("what is owed could not be looked at, which is a defect", e);
        drop();
      }
    }
  }

  private void look() {
    try {
      ObserverSession current = session;
      if (current == null) {
        current = ObserverSession.open(settings);
        session = current;
      }
      if (closed) {
        drop();
        return;
      }
      told.accept(current.look());
    } catch (SQLException e) {
      LOG.debug("what is owed could not be looked at: {}", e.getMessage());
      drop();
    }
  }

  private void drop() {
    ObserverSession current = session;
    session = null;
    if (current != null) {
      current.close();
    }
    told.accept(Optional.empty());
  }

  @Override
  public void close() {
    closed = true;
    ObserverSession current = session;
    if (current != null) {
      current.close();
    }
    thread.interrupt();
  }
}
