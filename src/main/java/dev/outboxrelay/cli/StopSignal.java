// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * SIGTERM and SIGINT, as something to wait for. The process then ends with exit code 0, unless the
 * command says otherwise; Java by itself would exit with 143. While nothing is held the end comes
 * at once, whatever the command hangs in; after {@link #hold} it comes when the command closes
 * this, and not later than the bound.
 *
 * <p>Threads: the Java runtime calls the hook on a thread of its own; the command waits and closes.
 * The monitor guards {@code held}.
 */
final class StopSignal implements AutoCloseable {
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch finished = new CountDownLatch(1);
  private final Thread hook;
  private boolean held;
  private volatile int exitCode = ExitCode.OK;

  private StopSignal(Duration bound) {
    hook = new Thread(() -> stop(bound), "stop");
  }

  /**
   * Starts to listen.
   *
   * @param bound how long the command may take to finish what it holds, from the signal on
   */
  static StopSignal listen(Duration bound) {
    StopSignal signal = new StopSignal(bound);
    Runtime.getRuntime().addShutdownHook(signal.hook);
    return signal;
  }

  private void stop(Duration bound) {
    boolean nothingToFinish;
    synchronized (this) {
      nothingToFinish = !held;
      asked.countDown();
    }
    boolean finishedInTime = nothingToFinish || isFinished(bound);
    StandardError.settle();
    Runtime.getRuntime().halt(finishedInTime ? exitCode : ExitCode.INTERNAL);
  }

  private boolean isFinished(Duration bound) {
    try {
      return finished.await(bound.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      return false;
    }
  }

  /**
   * From now on there is something to finish.
   *
   * @return false when the signal has come: the process is about to end
   */
  synchronized boolean hold() {
    held = true;
    return asked.getCount() > 0;
  }

  /** As if the signal had come, but that the process does not end by it. */
  void wake() {
    asked.countDown();
  }

  /** Whether the signal has come. */
  boolean isAsked() {
    return asked.getCount() == 0;
  }

  /** What the process ends with after the signal, for a command that it cuts short. */
  void endWith(int exitCode) {
    this.exitCode = exitCode;
  }

  /** Waits for the signal. */
  void await() throws InterruptedException {
    asked.await();
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
    finished.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The signal has come: the hook ends the process.
      return;
    }
  }
}
