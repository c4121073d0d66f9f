// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.loop;

import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** The machine's threads and clock. */
public final class SystemThreads implements Threads {
  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public RandomGenerator random() {
    return ThreadLocalRandom.current();
  }

  @Override
  public Timers timers(String name) {
    return new TimerThread(daemons(name, 1));
  }

  @Override
  public Workers workers(String name, int count) {
    return new Pool(count, daemons(name, count));
  }

  @Override
  public void pause(long millis) {
    LockSupport.parkNanos(millis * 1_000_000L);
  }

  private static ThreadFactory daemons(String name, int count) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread made = new Thread(task, count == 1 ? name : name + "-" + number.incrementAndGet());
      made.setDaemon(true);
      return made;
    };
  }

  private static final class TimerThread implements Timers {
    private final ScheduledThreadPoolExecutor thread;

    TimerThread(ThreadFactory threads) {
      thread =
          new ScheduledThreadPoolExecutor(
              1, threads, new ScheduledThreadPoolExecutor.DiscardPolicy());
      thread.setRemoveOnCancelPolicy(true);
      thread.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public void execute(Runnable task) {
      thread.execute(task);
    }

    @Override
    public Scheduler.Timer schedule(long delayMillis, Runnable task) {
      var future = thread.schedule(task, delayMillis, TimeUnit.MILLISECONDS);
      return () -> future.cancel(false);
    }

    @Override
    public void close() {
      thread.shutdownNow();
    }
  }

  private static final class Pool implements Workers {
    private final ThreadPoolExecutor threads;

    Pool(int count, ThreadFactory factory) {
      threads =
          new ThreadPoolExecutor(
              count, count, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), factory);
    }

    @Override
    public <T> void run(Callable<T> call, Consumer<T> then, Consumer<Throwable> failed) {
      try {
        threads.execute(
            () -> {
              try {
                then.accept(call.call());
              } catch (Exception | Error e) {
                failed.accept(e);
              }
            });
      } catch (RejectedExecutionException e) {
        return; // closed: the term has ended, whatever this was for starts anew from the table
      }
    }

    @Override
    public void close() {
      threads.shutdownNow();
    }
  }
}
