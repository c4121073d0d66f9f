package dev.outboxrelay.relay;

import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The one thread that owns all of a relay's state. Whatever happens elsewhere comes here as a task;
 * a task must not block. An exception that escapes a task is a fault of ours: it is told, and the
 * term ends and starts anew from the table.
 */
final class Core implements Scheduler, AutoCloseable {
  private final ScheduledThreadPoolExecutor executor;
  private final Consumer<Throwable> onFault;

  Core(String name, Consumer<Throwable> onFault) {
    this.onFault = onFault;
    executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, name);
              thread.setDaemon(true);
              return thread;
            });
    executor.setRemoveOnCancelPolicy(true);
    executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  @Override
  public void execute(Runnable task) {
    if (!executor.isShutdown()) {
      executor.execute(guarded(task));
    }
  }

  @Override
  public Timer schedule(long delayMillis, Runnable task) {
    if (executor.isShutdown()) {
      return () -> {};
    }
    var future = executor.schedule(guarded(task), Math.max(0, delayMillis), TimeUnit.MILLISECONDS);
    return () -> future.cancel(false);
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  private Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        onFault.accept(e);
      }
    };
  }

  @Override
  public void close() {
    executor.shutdownNow();
  }
}
