// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.testing.Threads;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.postgresql.PGConnection;

/**
 * A message's way without a relay: an INSERT that rings, a session that hears it, a line over TCP
 * and its answer, a DELETE. What that takes at a moment is what the machine takes: it is laid
 * beside what a relay takes, which hands a message on through three times as many threads.
 */
final class Yardstick implements AutoCloseable {
  private static final int AS_MANY_HANDS = 3;
  private static final Duration BETWEEN_ROUNDS = Duration.ofMillis(50);
  private static final Duration KEPT = Duration.ofSeconds(60);

  /** One round; it lasts until now while it has no end. */
  private static final class Round {
    final long startNanos = System.nanoTime();
    volatile long endNanos;

    long nanos(long now) {
      return (endNanos == 0 ? now : endNanos) - startNanos;
    }
  }

  private final Deque<Round> rounds = new ArrayDeque<>();
  private final StopSignal stop = new StopSignal();
  private final PostgresProcess postgres;
  private final ServerSocket echo;
  private volatile long longestNanos;

  Yardstick(PostgresProcess postgres) throws IOException {
    this.postgres = postgres;
    this.echo = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    Threads.daemons("yardstick-echo").newThread(this::echo).start();
    Threads.daemons("yardstick").newThread(this::measure).start();
  }

  /** How much longer than on a machine of one's own something may take that began then. */
  Duration allowance(long fromNanos) {
    long now = System.nanoTime();
    long longest = 0;
    synchronized (rounds) {
      for (Round round : rounds) {
        boolean since = round.endNanos == 0 || round.endNanos >= fromNanos;
        longest = Math.max(longest, since ? round.nanos(now) : 0);
      }
    }
    return Duration.ofNanos(longest * AS_MANY_HANDS);
  }

  Duration longest() {
    return Duration.ofNanos(longestNanos);
  }

  private void measure() {
    while (!stop.isSet()) {
      try (Connection writer = postgres.connect(TortureRun.DATABASE);
          Connection listener = postgres.connect(TortureRun.DATABASE);
          Socket line = new Socket(InetAddress.getLoopbackAddress(), echo.getLocalPort())) {
        line.setTcpNoDelay(true);
        line.setSoTimeout(60_000);
        execute(listener, "listen yardstick");
        // A relay waits for no disk either.
        execute(writer, DiskTimes.NEVER);
        writer.setAutoCommit(false);
        while (!stop.await(BETWEEN_ROUNDS)) {
          round(writer, listener, line);
        }
      } catch (IOException | SQLException e) {
        // The server was killed, or the sessions ended: measured again when it is there.
        stop.await(BETWEEN_ROUNDS);
      }
    }
  }

  private void round(Connection writer, Connection listener, Socket line)
      throws SQLException, IOException {
    Round round = begin();
    try {
      execute(writer, "insert into legacy.yardstick values (1)");
      execute(writer, "notify yardstick");
      writer.commit();
      listener.unwrap(PGConnection.class).getNotifications(60_000);
      line.getOutputStream().write('\n');
      line.getInputStream().read();
      execute(writer, "delete from legacy.yardstick");
      writer.commit();
    } finally {
      round.endNanos = System.nanoTime();
    }
    longestNanos = Math.max(longestNanos, round.endNanos - round.startNanos);
  }

  private Round begin() {
    Round round = new Round();
    synchronized (rounds) {
      rounds.add(round);
      while (rounds.size() > 1 && round.startNanos - rounds.peek().startNanos > KEPT.toNanos()) {
        rounds.remove();
      }
    }
    return round;
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private void echo() {
    while (!stop.isSet()) {
      try (Socket line = echo.accept()) {
        line.setTcpNoDelay(true);
        InputStream in = line.getInputStream();
        for (int b = in.read(); b >= 0; b = in.read()) {
          line.getOutputStream().write(b);
        }
      } catch (IOException e) {
        // The measuring side has begun anew, or the run is over.
        continue;
      }
    }
  }

  @Override
  public void close() throws IOException {
    stop.set();
    echo.close();
  }
}
