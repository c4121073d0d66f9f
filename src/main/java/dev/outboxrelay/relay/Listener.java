package dev.outboxrelay.relay;

import dev.outboxrelay.store.ListenSession;
import dev.outboxrelay.store.ListenSession.Heard;
import dev.outboxrelay.store.ListenSession.Kind;
import dev.outboxrelay.store.Trouble;
import dev.outboxrelay.threads.Errors;
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
  private final Consumer<Throwable> onFault;
  private final Thread thread;
  private volatile boolean closed;

  /**
   * @param silenceLimitMillis how long the session may stay unheard of
   * @param onHeard gets what came, on the listener's thread
   * @param onLoss gets the reason when the session fails, once
   * @param onFault gets what is no answer of the database, once
   */
  Listener(
      ListenSession session,
      long silenceLimitMillis,
      Consumer<List<Heard>> onHeard,
      Consumer<String> onLoss,
      Consumer<Throwable> onFault) {
    this.session = session;
    this.silenceLimitMillis = silenceLimitMillis;
    this.onHeard = onHeard;
    this.onLoss = onLoss;
    this.onFault = onFault;
    thread = new Thread(this::run, "relay-listener");
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  private void run() {
    long testEveryMillis = Math.max(1, silenceLimitMillis / 3);
    try {
      long heardSelf = System.nanoTime();
      long rang = heardSelf - testEveryMillis * 1_000_000L;
      while (!closed) {
        if (millisSince(rang) >= testEveryMillis) {
          // By the clock, however much is heard: notifications do not count as activity on the
          // server.
          rang = System.nanoTime();
          session.ringSelf();
        }
        long waitMillis = Math.max(1, testEveryMillis - millisSince(rang));
        List<Heard> heard = session.await((int) waitMillis);
        if (heard.stream().anyMatch(h -> h.kind() == Kind.SELF_TEST)) {
          heardSelf = System.nanoTime();
        } else if (millisSince(heardSelf) > silenceLimitMillis) {
          onLoss.accept(
              "the listening session has not heard itself for " + millisSince(heardSelf) + " ms");
          return;
        }
        if (!heard.isEmpty()) {
          onHeard.accept(heard);
        }
      }
    } catch (SQLException e) {
      Errors.report(e);
      if (!closed) {
        onLoss.accept("the listening session: " + Trouble.words(e));
      }
    } catch (RuntimeException | Error e) {
      Errors.report(e);
      if (!closed) {
        onFault.accept(e);
      }
    }
  }

  private static long millisSince(long nanos) {
    return (System.nanoTime() - nanos) / 1_000_000L;
  }

  @Override
  public void close() {
    closed = true;
    session.abort();
  }
}
