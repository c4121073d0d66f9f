package dev.outboxrelay.relay;

import dev.outboxrelay.store.ListenSession;
import dev.outboxrelay.store.ListenSession.Heard;
import java.sql.SQLException;
import java.util.List;
import java.util.function.Consumer;

/**
 * The listening session, on a thread of its own: always read, with finite waits, never in a
 * transaction. It rings its own bell now and then; a session that does not hear itself is deaf, and
 * counts as lost.
 */
final class Listener implements AutoCloseable {
  private final ListenSession session;
  private final long silenceLimitMillis;
  private final Consumer<List<Heard>> onHeard;
  private final Consumer<String> onLoss;
  private final Thread thread;
  private volatile boolean closed;

  /**
   * @param silenceLimitMillis how long the session may stay unheard of
   * @param onHeard gets what came, on the listener's thread
   * @param onLoss gets the reason, once
   */
  Listener(
      ListenSession session,
      long silenceLimitMillis,
      Consumer<List<Heard>> onHeard,
      Consumer<String> onLoss) {
    this.session = session;
    this.silenceLimitMillis = silenceLimitMillis;
    this.onHeard = onHeard;
    this.onLoss = onLoss;
    thread = new Thread(this::run, "relay-listener");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  private void run() {
    long testEveryMillis = Math.max(1, silenceLimitMillis / 3);
    try {
      long lastHeard = System.nanoTime();
      while (!closed) {
        List<Heard> heard = session.await((int) testEveryMillis);
        if (!heard.isEmpty()) {
          lastHeard = System.nanoTime();
          onHeard.accept(heard);
          continue;
        }
        long silentMillis = (System.nanoTime() - lastHeard) / 1_000_000;
        if (silentMillis > silenceLimitMillis) {
          onLoss.accept("the listening session does not hear itself for " + silentMillis + " ms");
          return;
        }
        session.ringSelf();
      }
    } catch (SQLException | RuntimeException e) {
      if (!closed) {
        onLoss.accept("the listening session: " + e.getMessage());
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    session.abort();
  }
}
