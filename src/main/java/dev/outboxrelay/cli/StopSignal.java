package dev.outboxrelay.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * SIGTERM and SIGINT, as something to wait for. The process then ends with exit code 0 when the
 * command closes this, and not later than the bound: Java by itself would exit with 143.
 *
 * <p>Threads: the Java runtime calls the hook on a thread of its own; the command waits and closes.
 */
final class StopSignal implements AutoCloseable {
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch finished = new CountDownLatch(1);
  private final Thread hook;

  private StopSignal(Duration bound) {
    hook = new Thread(() -> stop(bound), "stop");
  }

  /**
   * Starts to listen.
   *
   * @param bound how long the command may take to finish, from the signal on
   */
  static StopSignal listen(Duration bound) {
    StopSignal signal = new StopSignal(bound);
    Runtime.getRuntime().addShutdownHook(signal.hook);
    return signal;
  }

  private void stop(Duration bound) {
    asked.countDown();
    boolean inTime;
    try {
      inTime = finished.await(bound.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      inTime = false;
    }
    Runtime.getRuntime().halt(inTime ? ExitCode.OK : ExitCode.INTERNAL);
  }

  /** Waits for the signal. */
  void await() throws InterruptedException {
    asked.await();
  }

  boolean isAsked() {
    return asked.getCount() == 0;
  }

  /**
   * Waits for a while.
   *
   * @return false when the signal came
   */
  boolean pause(Duration duration) throws InterruptedException {
    return !asked.await(duration.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void close() {
    if (asked.getCount() > 0) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // The signal comes just now: the hook ends the process.
        finished.countDown();
      }
    }
    finished.countDown();
  }
}
