// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.loop.Threads;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.store.OutboxDatabase;
import java.sql.SQLException;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/** A term whose threads and clock are a simulation's, which lives in a package of its own. */
public final class SimulatedTerm {

  /** {@link Threads}, for other packages. */
  public interface Machine {
    long nanoTime();

    RandomGenerator random();

    Tasks tasks();

    Calls calls(String name, int count);

    void pause(long millis);
  }

  /** {@link Threads.Timers}, for other packages. */
  public interface Tasks {
    void execute(Runnable task);

    /** Returns what cancels it. */
    Runnable schedule(long delayMillis, Runnable task);

    void close();
  }

  /** {@link Threads.Workers}, for other packages. */
  public interface Calls {
    <T> void run(Callable<T> call, Consumer<T> then, Consumer<Throwable> failed);

    void close();
  }

  private final Term term;

  private SimulatedTerm(Term term) {
    this.term = term;
  }

  /** As {@link Term#begin}. */
  public static SimulatedTerm begin(
      Machine machine,
      RelayConfig config,
      OutboxDatabase.Opening opening,
      Transport transport,
      RelayEvents events)
      throws SQLException {
    return new SimulatedTerm(
        Term.begin(
            new MachineThreads(machine),
            config,
            opening,
            transport,
            events,
            UnaryOperator.identity()));
  }

  /**
   * Tells of the loss of the term.
   *
   * @param then gets the reason, and whether it was a fault of the relay's own
   */
  public void onLoss(BiConsumer<String, Boolean> then) {
    term.loss().thenAccept(loss -> then.accept(loss.reason(), loss.fault()));
  }

  /** As {@link Term#retire}. */
  public CompletableFuture<?> retire() {
    return term.retire();
  }

  /** As {@link Term#memoryUsedBytes}. */
  public long memoryUsedBytes() {
    return term.memoryUsedBytes();
  }

  public void close() {
    term.close();
  }

  private record MachineThreads(Machine machine) implements Threads {
    @Override
    public long nanoTime() {
      return machine.nanoTime();
    }

    @Override
    public RandomGenerator random() {
      return machine.random();
    }

    @Override
    public Timers timers(String name) {
      Tasks tasks = machine.tasks();
      return new Timers() {
        @Override
        public void execute(Runnable task) {
          tasks.execute(task);
        }

        @Override
        public Scheduler.Timer schedule(long delayMillis, Runnable task) {
          Runnable cancel = tasks.schedule(delayMillis, task);
          return cancel::run;
        }

        @Override
        public void close() {
          tasks.close();
        }
      };
    }

    @Override
    public Workers workers(String name, int count) {
      Calls calls = machine.calls(name, count);
      return new Workers() {
        @Override
        public <T> void run(Callable<T> call, Consumer<T> then, Consumer<Throwable> failed) {
          calls.run(call, then, failed);
        }

        @Override
        public void close() {
          calls.close();
        }
      };
    }

    @Override
    public void pause(long millis) {
      machine.pause(millis);
    }
  }
}
