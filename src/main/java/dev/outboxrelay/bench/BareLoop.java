// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import dev.outboxrelay.store.PromptSocketFactory;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/**
 * The floor of latency: one thread that listens, selects what is new and writes it to a socket.
 * Nothing is deleted, ordered or retried, answers are thrown away. It holds the destination's
 * doorbell, so that every writer rings. Its database has no other destination: a bell is its own.
 */
final class BareLoop implements AutoCloseable {
  private static final int WAIT_MILLIS = 200;

  private final Connection connection;
  private final Socket socket;
  private final String destination;
  private final Thread thread;
  private final Thread answers;
  private volatile boolean closed;
  private volatile @Nullable Exception fault;

  private BareLoop(Connection connection, Socket socket, String destination) {
    this.connection = connection;
    this.socket = socket;
    this.destination = destination;
    thread = new Thread(this::run, "bare-loop");
    answers = new Thread(this::drop, "bare-answers");
  }

  /**
   * Starts the loop.
   *
   * @param prompt on sockets that spare it the driver's wait after a notification
   */
  static BareLoop start(BenchDatabase database, String destination, int port, boolean prompt)
      throws SQLException, IOException {
    Properties properties = new Properties();
    properties.setProperty("user", database.user());
    properties.setProperty("password", database.password());
    if (prompt) {
      properties.setProperty("socketFactory", PromptSocketFactory.class.getName());
    }
    Connection connection = DriverManager.getConnection(database.url(), properties);
    try (Statement s = connection.createStatement()) {
      s.execute("listen outbox");
      s.execute("set enable_seqscan = off; set enable_bitmapscan = off");
      s.execute(
          "select pg_advisory_lock(7021001, doorbell) from outbox.destination where name = '"
              + destination
              + "'");
    }
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    BareLoop loop = new BareLoop(connection, socket, destination);
    loop.thread.start();
    loop.answers.start();
    return loop;
  }

  private void run() {
    try (PreparedStatement s =
        connection.prepareStatement(
            "select id, new_row from outbox.pending where destination ="
                + " (select d.number from outbox.destination d where d.name = ?)"
                + " and id > ? order by id")) {
      PGConnection notifications = connection.unwrap(PGConnection.class);
      OutputStream out = socket.getOutputStream();
      long last = 0;
      while (!closed) {
        PGNotification[] came = notifications.getNotifications(WAIT_MILLIS);
        if (came != null && came.length > 0) {
          last = send(s, out, last);
        }
      }
    } catch (SQLException | IOException | RuntimeException e) {
      if (!closed) {
        fault = e;
      }
    }
  }

  private long send(PreparedStatement s, OutputStream out, long after)
      throws SQLException, IOException {
    long last = after;
    s.setString(1, destination);
    s.setLong(2, after);
    try (ResultSet r = s.executeQuery()) {
      while (r.next()) {
        last = r.getLong(1);
        String line = "{\"id\":\"" + last + "-0\",\"new\":" + r.getString(2) + "}\n";
        out.write(line.getBytes(StandardCharsets.UTF_8));
      }
    }
    return last;
  }

  private void drop() {
    byte[] buffer = new byte[8192];
    try (var in = socket.getInputStream()) {
      while (in.read(buffer) >= 0) {
        // Nobody waits for these.
      }
    } catch (IOException e) {
      if (!closed) {
        fault = e;
      }
    }
  }

  /** Fails when the loop has ended before its time. */
  void requireWell() {
    Exception ended = fault;
    if (ended != null) {
      throw new IllegalStateException("the bare loop ended", ended);
    }
  }

  @Override
  public void close() throws IOException, SQLException, InterruptedException {
    closed = true;
    socket.close();
    thread.join();
    answers.join();
    connection.close();
  }
}
