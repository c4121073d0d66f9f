// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.relay.RelayConfig;
import dev.outboxrelay.relay.SimulatedTerm;
import dev.outboxrelay.relay.SimulatedTerm.Calls;
import dev.outboxrelay.relay.SimulatedTerm.Machine;
import dev.outboxrelay.relay.SimulatedTerm.Tasks;
import dev.outboxrelay.simulation.MemoryLockSession.End;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One process of a relay, from its start to its end: term after term, on threads that are planned
 * events. A call to the database takes effect at one moment and is answered at another; between two
 * statements of one call others have their turn.
 */
final class RelayProcess implements Machine, Wire, MemoryDatabase.Sessions {
  private static final String CONNECTION_FAILURE = "08006";
  private static final long FIRST_PAUSE = 100 * Timeline.MILLI;
  private static final long LONGEST_PAUSE = 5 * Timeline.SECOND;

  /** A call that waits for what has not come; it is made again. */
  private static final class NotYet extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotYet() {
      super("not yet", null, false, false);
    }
  }

  private static final NotYet NOT_YET = new NotYet();

  private final World world;
  private final Timeline timeline;
  private final Host host;
  private final RelayConfig config;
  private final Chance chance;
  private final RelayWitness witness;
  private final List<MemoryLockSession> lockSessions = new ArrayList<>();
  private final List<MemoryListenSession> listenSessions = new ArrayList<>();
  private @Nullable SimulatedTerm term;
  private int failures;
  private boolean stopping;

  /** What runs now on one of its threads. */
  private @Nullable Job<?> job;

  /** What its clock shows while a call has not come to the server; -1 for the true time. */
  private long viewed = -1;

  private @Nullable Job<?> waiting;

  RelayProcess(World world, Host host, RelayConfig config) {
    this.world = world;
    this.host = host;
    this.config = config;
    timeline = world.timeline();
    chance = world.chance().split();
    witness = new RelayWitness(world, host);
  }

  Host host() {
    return host;
  }

  /** Its newest lock session. */
  @Nullable MemoryLockSession lockSession() {
    return lockSessions.isEmpty() ? null : lockSessions.get(lockSessions.size() - 1);
  }

  long silenceNanos() {
    return config.database().silenceLimit().toNanos();
  }

  // Terms. ----------------------------------------------------------------------------------------

  void start() {
    timeline.in(world.weather().hop(), host, this::beginTerm);
  }

  private void beginTerm() {
    if (stopping) {
      return;
    }
    try {
      SimulatedTerm begun =
          SimulatedTerm.begin(
              this,
              config,
              () -> {
                before("connect");
                return new MemoryDatabase(world.server(), this, this, true);
              },
              new ScriptedTransport(world, this),
              witness);
      term = begun;
      begun.onLoss(
          (reason, fault) -> {
            if (fault) {
              world.checker().violation("defect", host + ": " + reason);
            }
            timeline.in(world.weather().hop(), host, () -> endTerm(begun, reason));
          });
    } catch (SQLException e) {
      world.trace().add(host, "cannot begin: " + e.getMessage());
      again();
    }
  }

  private void endTerm(SimulatedTerm ended, String reason) {
    if (term != ended) {
      return;
    }
    world.checker().fault();
    world.trace().add(host, "term ends: " + reason);
    term = null;
    ended.close();
    again();
  }

  private void again() {
    failures++;
    long pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE << Math.min(10, failures - 1));
    timeline.in(chance.nanosBetween(pause / 2, pause), host, this::beginTerm);
  }

  /**
   * Messages stay within their memory, but for one message each read that may be under way: of each
   * destination a page, one by time, two of held ones and one by ids, and one of the tail.
   */
  void checkMemory() {
    SimulatedTerm current = term;
    if (current == null) {
      return;
    }
    int reads = 5 * world.server().destinations().size() + 1;
    long bound = config.memoryBytes() + reads * world.largestMessageBytes();
    if (current.memoryUsedBytes() > bound) {
      world
          .checker()
          .violation(
              "memory", host + ": " + current.memoryUsedBytes() + " bytes are used of " + bound);
    }
  }

  /** As SIGTERM does. */
  void stop(Runnable then) {
    stopping = true;
    SimulatedTerm stopped = term;
    if (stopped == null) {
      then.run();
      return;
    }
    boolean[] ended = {false};
    Runnable end =
        () -> {
          if (!ended[0]) {
            ended[0] = true;
            term = null;
            stopped.close();
            then.run();
          }
        };
    stopped.retire().thenAccept(done -> timeline.in(world.weather().hop(), host, end));
    timeline.in(
        config.stopTimeout().toNanos(),
        host,
        () -> {
          if (!ended[0]) {
            world.checker().fault();
          }
          end.run();
        });
  }

  /**
   * As SIGKILL does, or a power failure.
   *
   * @param silently the server does not learn of it
   */
  void kill(boolean silently) {
    host.die();
    if (!silently) {
      timeline.in(world.weather().latency(), this::endSessions);
    }
  }

  /** Ends its sessions from the server's side. */
  void endSessions() {
    lockSessions.forEach(MemoryLockSession::endedByServer);
    listenSessions.forEach(MemoryListenSession::endedByServer);
  }

  List<MemoryListenSession> listenSessions() {
    return listenSessions;
  }

  // Sessions. -------------------------------------------------------------------------------------

  @Override
  public MemoryLockSession lock() {
    MemoryLockSession[] made = new MemoryLockSession[1];
    made[0] =
        new MemoryLockSession(
            world.server(),
            this,
            () -> timeline.in(world.weather().latency(), made[0]::endedByServer));
    lockSessions.add(made[0]);
    watch(made[0]);
    return made[0];
  }

  /** The server ends it when it is silent for too long. */
  private void watch(MemoryLockSession session) {
    long sinceMicros = world.server().nowMicros() - session.lastStatementMicros();
    long left = silenceNanos() - sinceMicros * 1000;
    if (left <= 0) {
      world.checker().fault();
      session.ended(End.IDLE);
    } else if (session.end() == null) {
      timeline.in(left, () -> watch(session));
    }
  }

  @Override
  public MemoryListenSession listen() {
    MemoryListenSession[] made = new MemoryListenSession[1];
    made[0] = new MemoryListenSession(world.server(), new Ear(), () -> made[0].endedByServer());
    listenSessions.add(made[0]);
    return made[0];
  }

  private final class Ear implements MemoryListenSession.Waiting {
    @Override
    public long arrivalMicros() {
      long from = Math.max(timeline.now(), host.cutOffUntil());
      return world.server().nowMicros()
          + (from - timeline.now() + world.weather().latency()) / 1000;
    }

    @Override
    public void expect(long micros) {
      timeline.in(
          Math.max(0, micros - world.server().nowMicros() + 1) * 1000,
          host,
          () -> {
            Job<?> waits = waiting;
            if (waits != null) {
              waiting = null;
              waits.takeEffect();
            }
          });
    }

    @Override
    public boolean isOver(int timeoutMillis) {
      return waitedFor(timeoutMillis);
    }
  }

  private boolean waitedFor(long millis) {
    Job<?> waits = job;
    if (waits == null) {
      throw new IllegalStateException("nobody waits");
    }
    long deadline = waits.sentNanos + millis * Timeline.MILLI;
    if (timeline.now() >= deadline) {
      return true;
    }
    waits.deadline = deadline;
    throw NOT_YET;
  }

  @Override
  public void pause(long millis) {
    waitedFor(millis);
  }

  // The way to the server. ------------------------------------------------------------------------

  @Override
  public void before(String what) throws SQLException {
    viewed = -1;
    Job<?> under = job;
    if (under != null && under.statements++ > 0) {
      letOthersRun(world.weather().latency());
      if (!host.isAlive()) {
        throw new SQLException("the process is dead", CONNECTION_FAILURE);
      }
    }
    if (world.server().isDown()) {
      throw new SQLException("the server is down", CONNECTION_FAILURE);
    }
    boolean control = under == null || under.control;
    if (control ? world.weather().failsControl() : world.weather().fails()) {
      world.checker().fault();
      world.trace().add(host, what + " fails before it took effect");
      throw new SQLException("lost before", chance.of(CONNECTION_FAILURE, "57014", "40001"));
    }
    if (world.trace().isKept()) {
      world.trace().add(host, what);
    }
    world.trace().note(what.hashCode());
  }

  @Override
  public void after(String what) throws SQLException {
    Job<?> under = job;
    boolean control = under == null || under.control;
    if (control ? world.weather().failsControl() : world.weather().fails()) {
      world.checker().fault();
      world.trace().add(host, what + " fails after it took effect");
      throw new SQLException("lost after", CONNECTION_FAILURE);
    }
  }

  @Override
  public void awaitLock() {
    letOthersRun(chance.nanosBetween(1, 100) * Timeline.MILLI);
  }

  private void letOthersRun(long nanos) {
    Job<?> under = job;
    job = null;
    viewed = -1; // what runs meanwhile, also of this process, sees the time as it is
    timeline.runUntil(timeline.now() + nanos);
    job = under;
    viewed = -1;
  }

  // Threads. --------------------------------------------------------------------------------------

  @Override
  public long nanoTime() {
    return viewed >= 0 ? viewed : timeline.now();
  }

  @Override
  public RandomGenerator random() {
    return chance;
  }

  @Override
  public Tasks tasks() {
    return new Tasks() {
      private boolean closed;

      @Override
      public void execute(Runnable task) {
        timeline.timer(world.weather().hop(), host, () -> run(task));
      }

      @Override
      public Runnable schedule(long delayMillis, Runnable task) {
        long delay = delayMillis * Timeline.MILLI + world.weather().hop();
        return timeline.timer(delay, host, () -> run(task))::cancel;
      }

      private void run(Runnable task) {
        if (!closed) {
          task.run();
        }
      }

      @Override
      public void close() {
        closed = true;
      }
    };
  }

  @Override
  public Calls calls(String name, int count) {
    return new Pool(count, name.equals("relay-listener"), !name.equals("relay-db"));
  }

  private final class Pool implements Calls {
    private final boolean local;
    private final boolean control;
    private final ArrayDeque<Job<?>> queue = new ArrayDeque<>();
    private int free;
    private boolean closed;

    Pool(int count, boolean local, boolean control) {
      free = count;
      this.local = local;
      this.control = control;
    }

    @Override
    public <T> void run(Callable<T> call, Consumer<T> then, Consumer<Throwable> failed) {
      if (!closed) {
        queue.add(new Job<>(this, call, then, failed));
        next();
      }
    }

    void next() {
      while (free > 0 && !closed && !queue.isEmpty()) {
        free--;
        Job<?> first = queue.remove();
        timeline.in(world.weather().hop(), host, first::begin);
      }
    }

    @Override
    public void close() {
      closed = true;
      queue.clear();
    }
  }

  private final class Job<T> {
    private final Pool pool;
    private final Callable<T> call;
    private final Consumer<T> then;
    private final Consumer<Throwable> failed;
    private final boolean control;
    private long sentNanos;
    private long deadline;
    private int statements;
    private boolean answered;

    Job(Pool pool, Callable<T> call, Consumer<T> then, Consumer<Throwable> failed) {
      this.pool = pool;
      this.call = call;
      this.then = then;
      this.failed = failed;
      control = pool.control;
    }

    void begin() {
      if (pool.closed) {
        return;
      }
      sentNanos = timeline.now();
      if (pool.local) {
        takeEffect();
        return;
      }
      long way = Math.max(0, host.cutOffUntil() - timeline.now()) + world.weather().latency();
      timeline.in(control ? way : way + world.weather().delay(), this::takeEffect);
      if (control) {
        timeline.in(
            silenceNanos(),
            host,
            () -> answer(() -> failed.accept(new SQLException("no answer", CONNECTION_FAILURE))));
      }
    }

    /** At the server. A process that has died meanwhile may have sent it or not. */
    void takeEffect() {
      if (!host.isAlive() && (pool.local || chance.nextBoolean())) {
        return;
      }
      Job<?> outer = job;
      long outerView = viewed;
      job = this;
      viewed = pool.local ? -1 : sentNanos;
      Runnable answer;
      try {
        T result = call.call();
        answer = () -> tell(result);
      } catch (NotYet e) {
        waiting = this;
        timeline.in(deadline - timeline.now(), host, this::wakeUp);
        return;
      } catch (Exception | Error e) {
        answer = () -> failed.accept(e);
      } finally {
        job = outer;
        viewed = outerView;
      }
      if (pool.local) {
        answer(answer);
        return;
      }
      long way = Math.max(0, host.cutOffUntil() - timeline.now()) + world.weather().latency();
      Runnable what = answer;
      timeline.in(way, host, () -> answer(what));
    }

    private void wakeUp() {
      if (waiting == this) {
        waiting = null;
        takeEffect();
      }
    }

    private void tell(T result) {
      try {
        then.accept(result);
        checkMemory();
      } catch (RuntimeException | Error e) {
        failed.accept(e);
      }
    }

    private void answer(Runnable what) {
      if (answered) {
        return;
      }
      answered = true;
      what.run();
      pool.free++;
      pool.next();
    }
  }
}
