// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.SinkListener;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** A listener that remembers what it heard, and lets a test wait for it. */
public final class RecordedSink implements SinkListener {

  private static final Duration DEADLINE = Duration.ofSeconds(20);

  private final List<Answer> answers = new ArrayList<>();
  private int calls;
  private boolean connected;
  private int closedTimes;
  private @Nullable String reason;
  private @Nullable Fault fault;
  private boolean heardAfterClosed;

  @Override
  public synchronized void connected() {
    heardAfterClosed |= closedTimes > 0;
    connected = true;
    notifyAll();
  }

  @Override
  public synchronized void answered(List<Answer> answers) {
    heardAfterClosed |= closedTimes > 0;
    if (answers.isEmpty()) {
      throw new AssertionError("answered() without answers");
    }
    this.answers.addAll(answers);
    calls++;
    notifyAll();
  }

  @Override
  public synchronized void closed(String reason, Fault fault) {
    closedTimes++;
    this.reason = reason;
    this.fault = fault;
    notifyAll();
  }

  public void awaitConnected() {
    await("connected", () -> connected);
  }

  public void awaitConnectedOrEnd() {
    await("connected, or the end", () -> connected || closedTimes > 0);
  }

  public void awaitAnswers(int count) {
    await(count + " answers", () -> answers.size() >= count);
  }

  /** Waits for the end and returns its reason. */
  public String awaitClosed(Fault expected) {
    await("closed", () -> closedTimes > 0);
    synchronized (this) {
      if (fault != expected || closedTimes != 1 || heardAfterClosed) {
        throw new AssertionError("expected one end by " + expected + ", heard " + this);
      }
      return String.valueOf(reason);
    }
  }

  /** Waits for the end, whatever it was. */
  public void awaitEnd() {
    await("closed", () -> closedTimes > 0);
  }

  public synchronized List<Answer> answers() {
    return List.copyOf(answers);
  }

  public synchronized int calls() {
    return calls;
  }

  public synchronized boolean isConnected() {
    return connected;
  }

  /** Whether it is connected by then. */
  public synchronized boolean isConnectedWithin(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    try {
      for (long left = time.toMillis(); left > 0 && !connected; ) {
        wait(left);
        left = (end - System.nanoTime()) / 1_000_000;
      }
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
    return connected;
  }

  public synchronized boolean isClosed() {
    return closedTimes > 0;
  }

  private synchronized void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    while (!condition.getAsBoolean()) {
      long millis = (deadline - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        throw new AssertionError("waited in vain for " + what + ", heard " + this);
      }
      try {
        wait(millis);
      } catch (InterruptedException e) {
        throw new AssertionError("interrupted while waiting for " + what, e);
      }
    }
  }

  @Override
  public synchronized String toString() {
    return "connected="
        + connected
        + " answers="
        + (answers.size() > 20 ? answers.size() + " of them" : answers)
        + " closed="
        + closedTimes
        + " fault="
        + fault
        + " reason="
        + reason;
  }
}
