// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.store.ListenSession;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** {@link ListenSession} over a {@link MemoryServer}. */
final class MemoryListenSession implements ListenSession {

  /** The way of what is notified, and whoever waits for it. */
  interface Waiting {
    /** When something that is notified now is there, by the server's clock. */
    long arrivalMicros();

    /** Something will be there then; whoever waits tries again. */
    void expect(long micros);

    /**
     * There is nothing yet.
     *
     * @return whether he has waited for so long; otherwise the call is made again
     */
    boolean isOver(int timeoutMillis);
  }

  private record Coming(long atMicros, Heard heard) {}

  private final MemoryServer server;
  private final Waiting waiting;
  private final Runnable onAbort;
  private final int pid;
  private final ArrayDeque<Coming> coming = new ArrayDeque<>();
  private long lastArrivalMicros;
  private boolean ended;
  private boolean flooded;

  MemoryListenSession(MemoryServer server, Waiting waiting, Runnable onAbort) {
    this.server = server;
    this.waiting = waiting;
    this.onAbort = onAbort;
    pid = server.nextPid();
    server.listeners().add(this);
  }

  int pid() {
    return pid;
  }

  void notified(Heard heard) {
    lastArrivalMicros = Math.max(lastArrivalMicros, waiting.arrivalMicros());
    coming.add(new Coming(lastArrivalMicros, heard));
    waiting.expect(lastArrivalMicros);
  }

  /** Far more is notified than is kept. */
  void flood() {
    flooded = true;
    waiting.expect(server.nowMicros());
  }

  void endedByServer() {
    ended = true;
    server.listeners().remove(this);
    waiting.expect(server.nowMicros());
  }

  @Override
  public List<Heard> await(int timeoutMillis) throws SQLException {
    if (flooded) {
      throw new Flooded(new SQLException("more than is kept", "08006"));
    }
    List<Heard> heard = new ArrayList<>();
    while (!coming.isEmpty() && coming.peek().atMicros() <= server.nowMicros()) {
      heard.add(coming.remove().heard());
    }
    if (!heard.isEmpty()) {
      return heard;
    }
    if (ended) {
      throw new SQLException("terminating connection", "57P01");
    }
    if (!waiting.isOver(timeoutMillis)) {
      throw new IllegalStateException("waited without an end");
    }
    return heard;
  }

  @Override
  public String selfTestChannel() {
    return "outbox_self_test_" + pid;
  }

  @Override
  public void abort() {
    onAbort.run();
  }

  @Override
  public void close() {
    abort();
  }
}
