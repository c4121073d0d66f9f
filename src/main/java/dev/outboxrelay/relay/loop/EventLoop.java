// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.loop;

import dev.outboxrelay.threads.Errors;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * The one place that owns all of a relay's state. Whatever happens elsewhere comes here as a task;
 * a task must not block. What escapes a task is a fault of ours, and so is what keeps a task from
 * being brought: it is told, and the term ends and starts anew from the table. So whoever brings a
 * task hears nothing of its fate.
 *
 * <p>INVARIANT: one task runs at a time, in the order in which they came, each seeing what the one
 * before it wrote. While nothing else is to do a task runs on the thread that brings it, since
 * waking another thread takes longer than most tasks; what comes meanwhile is left to the core's
 * own thread, so that nobody works for others for long.
 */
public final class EventLoop implements Scheduler, AutoCloseable {
  /** Tasks that the core's thread runs before it looks at the timers again. */
  private static final int TURN = 64;

  private final Threads threads;
  private final Threads.Timers thread;
  private final Consumer<Throwable> onFault;
  private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

  /** Tasks that wait or run. Whoever makes it 1 runs the first; there is no other owner then. */
  private final AtomicInteger unfinished = new AtomicInteger();

  private volatile boolean closed;

  public EventLoop(Threads threads, String name, Consumer<Throwable> onFault) {
    this.threads = threads;
    this.onFault = onFault;
    thread = threads.timers(name);
  }

  @Override
  public void execute(Runnable task) {
    try {
      waiting.add(task);
      if (unfinished.getAndIncrement() == 0 && runOne()) {
        thread.execute(this::runTurn);
      }
    } catch (RuntimeException | Error e) {
      fault(e);
    }
  }

  /** On the core's thread. Between two turns it brings the timers whose time has come. */
  private void runTurn() {
    try {
      for (int n = 0; n < TURN; n++) {
        if (!runOne()) {
          return;
        }
      }
      thread.execute(this::runTurn);
    } catch (RuntimeException | Error e) {
      fault(e);
    }
  }

  /** The executor would keep for itself whatever escapes. */
  private void fault(Throwable problem) {
    Errors.report(problem);
    onFault.accept(problem);
  }

  /** Runs the first task; returns whether there is another, which is then the caller's to run. */
  private boolean runOne() {
    Runnable task = waiting.remove();
    if (!closed) {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        fault(e);
      }
    }
    return unfinished.decrementAndGet() > 0;
  }

  /** How many tasks wait for their turn. */
  int waitingCount() {
    return waiting.size();
  }

  @Override
  public Timer schedule(long delayMillis, Runnable task) {
    OneShot shot = new OneShot(task);
    Timer timer = thread.schedule(Math.max(0, delayMillis), () -> execute(shot));
    return () -> {
      shot.cancelled = true;
      timer.cancel();
    };
  }

  /** A task that may be cancelled while it waits for its turn, when its time has come already. */
  private static final class OneShot implements Runnable {
    private final Runnable task;
    private volatile boolean cancelled;

    OneShot(Runnable task) {
      this.task = task;
    }

    @Override
    public void run() {
      if (!cancelled) {
        task.run();
      }
    }
  }

  @Override
  public long nanoTime() {
    return threads.nanoTime();
  }

  @Override
  public RandomGenerator random() {
    return threads.random();
  }

  @Override
  public void close() {
    closed = true;
    thread.close();
  }
}
