// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Message;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/** One connection of a {@link Conformance} check, with waiting where the relay would listen. */
final class Exchange implements SinkListener, AutoCloseable {

  private final Duration patience;
  private final Sink sink;
  private final List<Answer> answers = new ArrayList<>();
  private boolean connected;
  private boolean closed;
  private String reason = "";
  private Fault fault = Fault.NONE;

  Exchange(Transport transport, Destination destination, Duration patience) {
    this.patience = patience;
    this.sink = transport.connect(destination, this);
  }

  void send(List<Message> messages) {
    sink.send(messages);
  }

  void awaitConnected() throws InterruptedException, CheckFailed {
    if (!await(patience, () -> connected || closed)) {
      throw new CheckFailed("no connection within " + patience.toMillis() + " ms");
    }
    synchronized (this) {
      if (!connected) {
        throw new CheckFailed(reason);
      }
    }
  }

  /** Waits for the answers: all of them, the end, or none for as long as patience lasts. */
  List<Answer> awaitAnswers(int count) throws InterruptedException, CheckFailed {
    boolean moves = true;
    while (moves && count() < count && !isClosed()) {
      int before = count();
      moves = await(patience, () -> answers.size() > before || closed);
    }
    synchronized (this) {
      if (answers.size() >= count) {
        return List.copyOf(answers);
      }
      String how = closed ? reason : "nothing more within " + patience.toMillis() + " ms";
      throw new CheckFailed(answers.size() + " of " + count + " answered: " + how);
    }
  }

  private synchronized int count() {
    return answers.size();
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  boolean closedWithin(Duration time) throws InterruptedException {
    return await(time, () -> closed);
  }

  synchronized Fault fault() {
    return fault;
  }

  synchronized String reason() {
    return reason;
  }

  private synchronized boolean await(Duration time, BooleanSupplier condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + time.toNanos();
    while (!condition.getAsBoolean()) {
      long millis = (deadline - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        return false;
      }
      wait(millis);
    }
    return true;
  }

  @Override
  public synchronized void connected() {
    connected = true;
    notifyAll();
  }

  @Override
  public synchronized void answered(List<Answer> answers) {
    this.answers.addAll(answers);
    notifyAll();
  }

  @Override
  public synchronized void closed(String reason, Fault fault) {
    closed = true;
    this.reason = reason;
    this.fault = fault;
    notifyAll();
  }

  @Override
  public void close() {
    sink.close("checked");
  }
}
