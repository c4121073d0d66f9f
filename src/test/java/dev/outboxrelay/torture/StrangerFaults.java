// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.testing.PostgresProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** What somebody can do who may do nothing: notify, and connect to the port of the health check. */
final class StrangerFaults implements FaultFamily {
  static final String ROLE = "stranger";
  private static final int HALF_REQUESTS = 40;
  private static final int NAMES = 5_000;
  private static final Duration BETWEEN_FLOODS = Duration.ofMillis(100);

  private final Semaphore notifyFree = new Semaphore(1);
  private final PostgresProcess postgres;

  StrangerFaults(PostgresProcess postgres) {
    this.postgres = postgres;
  }

  @Override
  public @Nullable Fault fault(FaultKind kind, Chance chance) {
    return switch (kind) {
      case FOREIGN_NOTIFICATIONS ->
          new Fault(notifyFree, null, stop -> flood(stop, chance.shortMillis()));
      case HALF_AN_HTTP_REQUEST ->
          new Fault(
              chance.relay().healthFree,
              null,
              stop -> halfRequests(stop, chance.relay().httpPort(), chance.longMillis()));
      default -> null;
    };
  }

  /** Names that there are not, and names that there are, on both channels. */
  private long flood(StopSignal stop, int millis) {
    long notified = 0;
    long until = System.nanoTime() + Duration.ofMillis(millis).toNanos();
    long round = System.nanoTime();
    try (Connection connection =
            DriverManager.getConnection(postgres.url(TortureRun.DATABASE), ROLE, "");
        Statement statement = connection.createStatement()) {
      statement.execute(DiskTimes.NEVER);
      do {
        round++;
        for (String channel : List.of("outbox", "outbox_control")) {
          statement.execute(
              """
              select count(pg_notify('%s', 'nope' || %d || '-' || g))
              from generate_series(1, %d) g
              """
                  .formatted(channel, round, NAMES));
          notified += NAMES;
          for (Legacy.Target target : Legacy.TARGETS) {
            statement.execute("select pg_notify('" + channel + "', '" + target.name() + "')");
          }
        }
      } while (!stop.await(BETWEEN_FLOODS) && System.nanoTime() < until);
    } catch (SQLException e) {
      // The server was killed meanwhile, which ends this too.
    }
    return notified;
  }

  private static long halfRequests(StopSignal stop, int port, int millis) {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int each = 0; each < HALF_REQUESTS; each++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        sockets.add(socket);
        String half = each % 2 == 0 ? "GET /hea" : "GET /health/live HTTP/1.1\r\nHost: a\r\nX-";
        socket.getOutputStream().write(half.getBytes(StandardCharsets.US_ASCII));
      }
    } catch (IOException e) {
      // The relay is being restarted, or takes no more of these: as it should.
    }
    stop.await(Duration.ofMillis(millis));
    for (Socket socket : sockets) {
      try {
        socket.close();
      } catch (IOException e) {
        // It is gone either way.
      }
    }
    return sockets.size();
  }
}
