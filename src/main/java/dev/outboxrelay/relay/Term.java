// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import dev.outboxrelay.relay.events.FanOut;
import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.events.Wake;
import dev.outboxrelay.relay.lane.Lane;
import dev.outboxrelay.relay.lane.LaneFactory;
import dev.outboxrelay.relay.lane.Progress;
import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.EventLoop;
import dev.outboxrelay.relay.loop.Threads;
import dev.outboxrelay.relay.loop.Troubles;
import dev.outboxrelay.relay.ordering.MemoryBudget;
import dev.outboxrelay.relay.ownership.DatabaseIdentity;
import dev.outboxrelay.relay.ownership.Fleet;
import dev.outboxrelay.relay.reading.MissedBells;
import dev.outboxrelay.relay.reading.ReadTickets;
import dev.outboxrelay.relay.reading.Starts;
import dev.outboxrelay.relay.reading.TailReader;
import dev.outboxrelay.relay.sessions.Doorbells;
import dev.outboxrelay.relay.sessions.Listener;
import dev.outboxrelay.relay.sessions.LockLease;
import dev.outboxrelay.relay.sessions.Notices;
import dev.outboxrelay.relay.sessions.Notices.News;
import dev.outboxrelay.relay.settling.Completer;
import dev.outboxrelay.relay.sweep.Changes;
import dev.outboxrelay.relay.sweep.DueTimes;
import dev.outboxrelay.relay.sweep.Marks;
import dev.outboxrelay.relay.sweep.Missed;
import dev.outboxrelay.relay.sweep.Patrol;
import dev.outboxrelay.relay.sweep.Sweep;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.store.ListenSession;
import dev.outboxrelay.store.LockSession;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.store.OutboxDatabase;
import dev.outboxrelay.store.SchemaState;
import dev.outboxrelay.threads.Errors;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connected period of a relay: from both control sessions standing to the loss of either.
 * Nothing of it outlives its end; the next one starts from the table.
 */
final class Term implements AutoCloseable {
  /**
   * How often the relay looks around, at least: heartbeat, membership and ownership in one
   * statement.
   */
  private static final long LOOK_MILLIS = 1000;

  private static final Logger LOG = LoggerFactory.getLogger(Term.class);

  /**
   * Why a term has ended.
   *
   * @param fault it was a fault of the relay's own, which the next term may meet again
   */
  record Loss(String reason, boolean fault) {}

  /** How often it is looked whether the core runs. */
  private static final long WATCH_MILLIS = 500;

  /** How often it is told how the pool and the destinations stand. */
  private static final long TELL_MILLIS = 1000;

  private final Threads threads;
  private final RelayConfig config;
  private final RelayEvents events;
  private final OutboxDatabase database;
  private final CompletableFuture<Loss> loss = new CompletableFuture<>();
  private final EventLoop loop;
  private final Failures failures;
  private final DatabaseWork databaseWork;
  private final LockLease locks;
  private final Listener listener;
  private final TailReader tail;
  private final MemoryBudget memory;
  private final Doorbells doorbells;
  private final Fleet fleet;
  private final DatabaseIdentity origin;
  private final Marks marks;
  private final Sweep sweep;
  private final Changes changes;
  private final Progress progress;
  private boolean looking;

  /** The lock session has looked, and so may work. */
  private boolean connected;

  private volatile @Nullable SchemaState end;

  /** When the core ran last; any thread may look. */
  private volatile long coreRanNanos;

  /** What every read tells; the rest is for others. */
  private final class Reads implements RelayEvents {
    @Override
    public void read(int messages) {
      marks.read(messages);
    }
  }

  private Term(
      Threads threads,
      RelayConfig config,
      Transport transport,
      RelayEvents listeners,
      OutboxDatabase database,
      MessageStore messages,
      LockSession lockSession,
      ListenSession listenSession) {
    this.threads = threads;
    coreRanNanos = threads.nanoTime();
    this.config = config;
    events = new FanOut(List.of(listeners, new Reads()));
    this.database = database;
    long silenceLimitMillis = config.database().silenceLimit().toMillis();
    loop = new EventLoop(threads, "relay-core", this::fault);
    failures = new Failures(loop, this::lookAtSchema, this::lost, this::end);
    databaseWork =
        new DatabaseWork(
            threads, config.database().poolSize(), loop, events, failures::failed, this::fault);
    Troubles troubles = new Troubles(loop, databaseWork, database.destinations());
    locks =
        new LockLease(
            threads,
            lockSession,
            silenceLimitMillis,
            loop,
            failures::failed,
            this::lost,
            this::fault);
    ReadTickets tickets = new ReadTickets();
    memory = new MemoryBudget(config.memoryBytes());
    doorbells = new Doorbells(locks);
    MissedBells missedBells = new MissedBells(doorbells, this::newestOwnBell, events);
    tail =
        new TailReader(
            config.pageSize(),
            config.maxMessageBytes(),
            messages,
            databaseWork,
            troubles,
            loop,
            tickets,
            memory,
            doorbells,
            locks,
            missedBells,
            events);
    Starts starts = new Starts(messages, databaseWork, troubles);
    Completer completer = new Completer(messages, databaseWork, troubles, loop, events);
    LaneFactory laneFactory =
        new LaneFactory(
            config.pageSize(),
            config.maxMessageBytes(),
            loop,
            databaseWork,
            troubles,
            messages,
            database.destinations(),
            completer,
            tail,
            starts,
            tickets,
            memory,
            transport,
            locks::leaseHolds,
            events);
    origin =
        new DatabaseIdentity(
            config.adoptCopies(),
            databaseWork,
            database.destinations(),
            events,
            this::look,
            this::lost);
    fleet =
        new Fleet(
            config.name(),
            laneFactory,
            loop,
            databaseWork,
            troubles,
            database.destinations(),
            events,
            locks,
            origin);
    DueTimes dueTimes = new DueTimes(databaseWork, messages, fleet);
    Missed missed = new Missed(tail, fleet);
    marks =
        new Marks(
            config.pageSize(),
            loop,
            databaseWork,
            messages,
            database.destinations(),
            tail,
            starts,
            tickets,
            events,
            fleet,
            missed);
    Patrol patrol = new Patrol(loop, databaseWork, messages, tail, tickets, events, fleet, missed);
    sweep = new Sweep(loop, databaseWork, messages, tail, fleet, dueTimes, origin, marks, patrol);
    changes = new Changes(loop, fleet, dueTimes, tail, this::look);
    progress = new Progress(fleet::lanes, database.destinations(), databaseWork, loop, events);
    Notices notices = new Notices(loop, fleet::hasLane, this::hear);
    listener =
        new Listener(
            threads,
            listenSession,
            database::openListenSession,
            silenceLimitMillis,
            this::ring,
            notices,
            this::lost,
            this::fault);
  }

  private long newestOwnBell() {
    return listener.newestBell();
  }

  /**
   * Opens the sessions and begins to work.
   *
   * @param opening connects to the database
   * @param stores what messages are read and written by, made of the database's own
   * @throws SQLException when a session cannot be opened; nothing is left behind
   */
  static Term begin(
      Threads threads,
      RelayConfig config,
      OutboxDatabase.Opening opening,
      Transport transport,
      RelayEvents events,
      UnaryOperator<MessageStore> stores)
      throws SQLException {
    OutboxDatabase database = opening.open();
    LockSession lockSession = null;
    ListenSession listenSession = null;
    Term term = null;
    try {
      lockSession = database.openLockSession();
      listenSession = database.openListenSession();
      MessageStore messages = stores.apply(database.messages());
      term =
          new Term(
              threads, config, transport, events, database, messages, lockSession, listenSession);
      term.start();
      return term;
    } catch (SQLException | RuntimeException | Error e) {
      leave(database, lockSession, listenSession, term);
      throw e;
    }
  }

  private static void leave(
      OutboxDatabase database,
      @Nullable LockSession lockSession,
      @Nullable ListenSession listenSession,
      @Nullable Term term) {
    if (term != null) {
      term.close();
      return;
    }
    if (lockSession != null) {
      lockSession.abort();
    }
    if (listenSession != null) {
      listenSession.abort();
    }
    database.close();
  }

  private void start() {
    database.unfit().thenAccept(this::lost);
    listener.start();
    loop.execute(
        () -> {
          fleet.reload(this::look);
          every(Math.min(LOOK_MILLIS, config.database().silenceLimit().toMillis() / 4), this::look);
          every(config.sweep().toMillis(), sweep::run);
          every(Progress.TICK_MILLIS, progress::tick);
          every(TELL_MILLIS, this::tell);
          if (!config.poll().isZero()) {
            every(config.poll().toMillis(), () -> tail.kick(Wake.POLL));
          }
          every(Math.max(50, config.database().silenceLimit().toMillis() / 20), this::watch);
        });
  }

  private void every(long millis, Runnable task) {
    loop.schedule(
        millis,
        () -> {
          task.run();
          every(millis, task);
        });
  }

  private void tell() {
    events.pool(database.poolUse());
    for (Lane lane : fleet.lanes()) {
      events.standing(lane.name(), lane.inFlight(), lane.backlog().heldKeys());
    }
  }

  private void look() {
    if (looking) {
      return;
    }
    looking = true;
    locks.look(
        origin.isInDoubt(),
        view -> {
          looking = false;
          if (!connected) {
            connected = true;
            events.connected();
          }
          failures.seen(view.schema());
          fleet.share(view);
        });
  }

  /**
   * The server has been silent for too long: another relay may own what was ours, or a writer's
   * bell is not heard.
   */
  private void watch() {
    coreRanNanos = threads.nanoTime();
    events.alive();
    if (!locks.leaseHolds()) {
      fleet.abandon("the database is silent");
      lost(
          "the lock session: no answer for " + config.database().silenceLimit().toMillis() + " ms");
    }
    if (listener.isDeaf()) {
      lost(
          "the listening session has not heard its bell for "
              + config.database().silenceLimit().toMillis()
              + " ms");
    }
  }

  /**
   * A bell that cannot be rung shows nothing of who should hear it: a stranger may keep all from
   * notifying for as long as his own notifications take.
   */
  private void ring(ListenSession session, long number, Runnable rung) {
    databaseWork.submit(
        "the listener's bell",
        () -> {
          try {
            database.ring(session, number);
            return true;
          } catch (SQLException e) {
            if (Errors.isBehind(e)) {
              throw e;
            }
            LOG.debug("the listener's bell was not rung: {}", e.getMessage(), e);
            return false;
          }
        },
        done -> {
          if (done) {
            rung.run();
          }
        });
  }

  private void hear(News news) {
    long now = loop.nanoTime();
    boolean rung = news.flooded();
    for (Map.Entry<String, Integer> bell : news.bells().entrySet()) {
      Lane lane = fleet.lane(bell.getKey());
      if (lane != null) {
        events.rung(lane.name(), bell.getValue());
        doorbells.rung(lane.doorbell(), bell.getValue(), now);
        rung |= tail.contains(lane.backlog());
      }
    }
    if (news.flooded()) {
      doorbells.perhapsRung(now);
    }
    if (news.ownBell() > 0 && news.ownBell() <= listener.newestBell()) {
      events.heardOwnBell();
      tail.heardOwnBell(news.ownBell());
    }
    if (rung) {
      tail.rung();
    }
    if (news.anyChanged() || news.flooded()) {
      origin.doubt();
      changes.heard(news.changed(), news.allChanged() || news.flooded());
    }
  }

  private void lookAtSchema(Consumer<SchemaState> then, Consumer<String> failed) {
    databaseWork.once(database::schema, then, failed);
  }

  private void end(SchemaState schema) {
    end = schema;
    lost("the schema outbox is " + schema.name().toLowerCase(Locale.ROOT));
  }

  /** Why no other term may follow, null when one may. */
  @Nullable SchemaState end() {
    return end;
  }

  private void lost(String reason) {
    loss.complete(new Loss(reason, false));
  }

  /** A defect, on whichever thread: nothing of this term is relied on any more. */
  private void fault(Throwable problem) {
    String reason = Errors.words(problem);
    loss.complete(new Loss(reason, true));
    LOG.error("{}", reason, problem);
  }

  /**
   * Waits for the end of the term, and tells its reason. Ends it when the core does not run any
   * more: nobody else would, and by then the server has ended the lock session, which the core
   * keeps alive.
   */
  Loss awaitLoss() throws InterruptedException {
    while (true) {
      try {
        return loss.get(WATCH_MILLIS, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        long quietMillis = (threads.nanoTime() - coreRanNanos) / 1_000_000L;
        if (quietMillis > config.database().silenceLimit().toMillis()) {
          lost("the core: it has not run for " + quietMillis + " ms");
        }
      } catch (java.util.concurrent.ExecutionException e) {
        return new Loss(String.valueOf(e.getMessage()), true);
      }
    }
  }

  /** What messages take in memory, and reads under way have laid aside. On the core. */
  long memoryUsedBytes() {
    return memory.usedBytes();
  }

  /** Completes when the term is lost; on any thread. */
  CompletableFuture<Loss> loss() {
    return loss;
  }

  /** Sends nothing more; completes when nothing is in flight, or the term is lost. */
  CompletableFuture<?> retire() {
    CompletableFuture<Boolean> retired = new CompletableFuture<>();
    loop.execute(() -> fleet.stop(() -> retired.complete(true)));
    return CompletableFuture.anyOf(retired, loss);
  }

  /**
   * Waits for answers to what is in flight, at most for the stop timeout, settles them, and ends.
   */
  void stop() throws InterruptedException {
    try {
      retire().get(config.stopTimeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      events.stoppedWaiting(config.stopTimeout().toMillis());
    } catch (java.util.concurrent.ExecutionException e) {
      throw new IllegalStateException(e);
    }
    lost("stopped");
  }

  /** Ends at once: connections first, then locks. */
  @Override
  public void close() {
    CompletableFuture<Boolean> abandoned = new CompletableFuture<>();
    loop.execute(
        () -> {
          fleet.abandon("the relay lets go");
          abandoned.complete(true);
        });
    try {
      abandoned.get(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (TimeoutException | java.util.concurrent.ExecutionException e) {
      LOG.warn("connections were not closed in order: {}", String.valueOf(e));
    }
    end(loop::close);
    end(listener::close);
    end(locks::close);
    end(databaseWork::close);
    end(database::close);
  }

  /** Whatever goes wrong with one part, the others end too. */
  private static void end(Runnable part) {
    try {
      part.run();
    } catch (RuntimeException | Error e) {
      Errors.report(e);
      LOG.error("a part of the term did not end in order", e);
    }
  }
}
