// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.loop;

import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/** A core whose thread is the test's, and whose time passes when the test says so. */
public final class HandScheduler implements Scheduler {
  private static final long PATIENCE_SECONDS = 30;

  private record Later(long atNanos, Runnable task) {}

  private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
  private final PriorityQueue<Later> timers =
      new PriorityQueue<>(Comparator.comparingLong(Later::atNanos));
  private final RandomGenerator random = new Random(1);
  private long now;

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
  }

  @Override
  public Timer schedule(long delayMillis, Runnable task) {
    Later later = new Later(now + delayMillis * 1_000_000, task);
    timers.add(later);
    return () -> timers.remove(later);
  }

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public RandomGenerator random() {
    return random;
  }

  /** Lets time pass, and runs what was scheduled for it. */
  public void advance(long millis) {
    now += millis * 1_000_000;
    while (!timers.isEmpty() && timers.peek().atNanos() <= now) {
      timers.remove().task().run();
    }
  }

  /** Runs tasks as they come until something is so. */
  public void runUntil(BooleanSupplier so) throws InterruptedException, TimeoutException {
    while (!so.getAsBoolean()) {
      Runnable task = tasks.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (task == null) {
        throw new TimeoutException("nothing came to the core");
      }
      task.run();
    }
  }
}
