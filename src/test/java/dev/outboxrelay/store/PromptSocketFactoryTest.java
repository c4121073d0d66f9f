// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestDatabase;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.postgresql.PGConnection;

final class PromptSocketFactoryTest {
  private static final int TIMES = 2000;

  @Test
  void look_nothingThere_doesNotWait() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Socket socket =
            new PromptSocketFactory().createSocket(server.getInetAddress(), server.getLocalPort());
        Socket peer = server.accept()) {
      InputStream in = socket.getInputStream();
      byte[] buffer = new byte[8];
      socket.setSoTimeout(PromptSocketFactory.LOOK_MILLIS);
      long began = System.nanoTime();
      for (int i = 0; i < TIMES; i++) {
        assertThrows(SocketTimeoutException.class, () -> in.read(buffer, 0, 8));
      }
      assertTrue(millisSince(began) < TIMES * PromptSocketFactory.LOOK_MILLIS);

      peer.getOutputStream().write(7);
      socket.setSoTimeout(10_000);
      assertEquals(1, in.read(buffer, 0, 8));
      assertEquals(7, buffer[0]);
    }
  }

  /** A driver that looks in another way would bring the wait back. */
  @Test
  void notifications_oneAfterTheOther_comeWithoutTheDriversWait() throws Exception {
    try (TestDatabase db = TestDatabase.create()) {
      Properties properties = new Properties();
      properties.setProperty("user", db.user());
      properties.setProperty("password", db.password());
      properties.setProperty("socketFactory", PromptSocketFactory.class.getName());
      try (Connection c = DriverManager.getConnection(db.url(), properties);
          Statement s = c.createStatement()) {
        PGConnection notifications = c.unwrap(PGConnection.class);
        long began = System.nanoTime();
        for (int i = 0; i < TIMES; i++) {
          assertEquals(0, notifications.getNotifications().length);
        }
        assertTrue(millisSince(began) < TIMES * PromptSocketFactory.LOOK_MILLIS);
        s.execute("listen prompt; notify prompt");
        assertEquals("prompt", notifications.getNotifications(10_000)[0].getName());
      }
    }
  }

  private static long millisSince(long nanos) {
    return (System.nanoTime() - nanos) / 1_000_000L;
  }
}
