// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import dev.outboxrelay.threads.Errors;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread of the pool's housekeeping. A task that throws is not run again by an executor of
 * Java's, and nobody hears of it: the pool would fill up and empty itself no more.
 */
final class PoolTimer extends ScheduledThreadPoolExecutor {
  private static final Logger LOG = LoggerFactory.getLogger(PoolTimer.class);

  PoolTimer() {
    super(
        1,
        task -> {
          Thread thread = new Thread(task, "relay-pool");
          thread.setDaemon(true);
          return thread;
        },
        new DiscardPolicy());
    setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    setRemoveOnCancelPolicy(true);
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
    return super.schedule(guarded(task), delay, unit);
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable task, long initialDelay, long delay, TimeUnit unit) {
    return super.scheduleWithFixedDelay(guarded(task), initialDelay, delay, unit);
  }

  private static Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        Errors.report(e);
        LOG.error("the pool's housekeeping met an error, and goes on", e);
      }
    };
  }
}
