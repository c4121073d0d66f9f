// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.loop;

import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * The threads of a term, its clock and its chance: all that decides in which order things happen.
 * The machine's own, or a test's.
 */
public interface Threads {

  /** The monotonic clock. */
  long nanoTime();

  /** What jitter is drawn by. */
  RandomGenerator random();

  /** Makes a thread for tasks and timers. */
  Timers timers(String name);

  /**
   * Makes threads for calls that block.
   *
   * @param name of the threads; with more than one a number is added
   */
  Workers workers(String name, int count);

  /** Blocks for a while; to be called on a worker. */
  void pause(long millis);

  /** One thread that runs tasks one at a time, now or later. */
  interface Timers extends AutoCloseable {

    /** Runs a task as soon as it can. */
    void execute(Runnable task);

    /** Runs a task later. */
    Scheduler.Timer schedule(long delayMillis, Runnable task);

    /** What has not begun never will. */
    @Override
    void close();
  }

  /** Threads that run calls in the order in which they come. */
  interface Workers extends AutoCloseable {

    /**
     * Runs a call and tells, on the same thread, what came of it. Tells nothing when closed before
     * the call has begun.
     *
     * @param failed gets what the call, or {@code then}, has thrown
     */
    <T> void run(Callable<T> call, Consumer<T> then, Consumer<Throwable> failed);

    /** Interrupts what is under way; what has not begun never will. */
    @Override
    void close();
  }
}
