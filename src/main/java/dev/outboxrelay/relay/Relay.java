// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import dev.outboxrelay.relay.Term.Loss;
import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.loop.Backoff;
import dev.outboxrelay.relay.loop.SystemThreads;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.store.Database;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.store.SchemaState;
import dev.outboxrelay.store.Trouble;
import dev.outboxrelay.threads.Errors;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A relay: reads what is owed in one database and delivers it. Any number may run; they share the
 * destinations out among themselves.
 *
 * <pre>{@code
 * Relay relay = new Relay(config, transport, RelayEvents.NONE);
 * relay.start();
 * …
 * relay.stop();
 * }</pre>
 */
public final class Relay {
  /** A term that ended sooner counts as one that could not begin: the next one waits longer. */
  private static final long SHORT_TERM_NANOS = Duration.ofSeconds(5).toNanos();

  private static final Backoff RECONNECT =
      new Backoff(Duration.ofMillis(100), Duration.ofSeconds(5));

  private static final Logger LOG = LoggerFactory.getLogger(Relay.class);

  private final RelayConfig config;
  private final Transport transport;
  private final RelayEvents events;
  private final UnaryOperator<MessageStore> stores;
  private final Thread thread;
  private final Object lock = new Object();
  private @Nullable Term term; // guarded by lock
  private boolean stopping; // guarded by lock
  private boolean connecting; // guarded by lock

  /** Why there is no further term; of the relay's own thread. */
  private @Nullable SchemaState end;

  /**
   * Makes a relay; connects nothing yet.
   *
   * @param transport closed by the caller, after the relay has stopped
   */
  public Relay(RelayConfig config, Transport transport, RelayEvents events) {
    this(config, transport, events, UnaryOperator.identity());
  }

  /**
   * As the public one.
   *
   * @param stores what each term reads and writes messages by, made of the database's own
   */
  Relay(
      RelayConfig config,
      Transport transport,
      RelayEvents events,
      UnaryOperator<MessageStore> stores) {
    this.config = config;
    this.transport = transport;
    this.events = events;
    this.stores = stores;
    thread = new Thread(this::run, "relay");
  }

  /**
   * Starts; returns at once. As long as the database is not there, refuses the login or takes no
   * writes, the relay tries again with backoff. It ends by itself, and says so by {@link
   * RelayEvents#cannotGoOn}, when the schema is gone or another.
   */
  public void start() {
    thread.start();
  }

  /**
   * INVARIANT: only a stop ends this, or a schema that no term can work with. Whatever else a term
   * ends by, the next one begins.
   */
  private void run() {
    int failures = 0;
    while (!isStopping()) {
      long begunNanos = System.nanoTime();
      Loss loss;
      boolean refused = false;
      try {
        loss = runTerm();
        failures = System.nanoTime() - begunNanos < SHORT_TERM_NANOS ? failures + 1 : 0;
      } catch (SQLException e) {
        Errors.report(e);
        failures++;
        loss = new Loss(Trouble.words(e), false);
        refused = Trouble.isRefusedLogin(e);
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException | Error e) {
        Errors.report(e);
        failures++;
        loss = new Loss(Errors.words(e), true);
        LOG.error("{}", loss.reason(), e);
      }
      if (isStopping()) {
        return;
      }
      SchemaState unusable = end;
      if (unusable != null) {
        tell(() -> events.cannotGoOn(unusable));
        return;
      }
      String reason = loss.reason();
      if (refused) {
        tell(() -> events.loginRefused(reason));
      }
      long delayMillis = RECONNECT.delayMillis(Math.max(1, failures), ThreadLocalRandom.current());
      tell(() -> events.databaseLost(reason, delayMillis));
      if (!rest(delayMillis)) {
        return;
      }
    }
  }

  private static void tell(Runnable event) {
    try {
      event.run();
    } catch (RuntimeException | Error e) {
      Errors.report(e);
      LOG.error("a listener of the relay's failed, which is a defect", e);
    }
  }

  private Loss runTerm() throws SQLException, InterruptedException {
    try (Term current = begin()) {
      synchronized (lock) {
        term = current;
      }
      Loss loss = isStopping() ? new Loss("stopped", false) : current.awaitLoss();
      end = current.end();
      synchronized (lock) {
        term = null;
      }
      return loss;
    }
  }

  private Term begin() throws SQLException {
    synchronized (lock) {
      connecting = true;
    }
    try {
      return Term.begin(
          new SystemThreads(),
          config,
          () -> Database.connect(config.database()),
          transport,
          events,
          stores);
    } finally {
      synchronized (lock) {
        connecting = false;
        // What a stop broke off is over: a term that stands is ended in order.
        Thread.interrupted();
      }
    }
  }

  private boolean rest(long delayMillis) {
    synchronized (lock) {
      long until = System.nanoTime() + delayMillis * 1_000_000L;
      while (!stopping) {
        long left = (until - System.nanoTime()) / 1_000_000L;
        if (left <= 0) {
          return true;
        }
        try {
          lock.wait(left);
        } catch (InterruptedException e) {
          return false;
        }
      }
      return false;
    }
  }

  private boolean isStopping() {
    synchronized (lock) {
      return stopping;
    }
  }

  /**
   * Stops: sends nothing more, waits for answers to what is in flight, settles them, gives the
   * locks back. Blocks.
   */
  public void stop() {
    Term current;
    synchronized (lock) {
      stopping = true;
      current = term;
      lock.notifyAll();
      if (connecting) {
        // A login may take long.
        thread.interrupt();
      }
    }
    try {
      if (current != null) {
        current.stop();
      }
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
