// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.JavaProcess;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EmbeddedServerTest {
  @TempDir Path folder;

  private static String setting(EmbeddedServer server, String name) throws SQLException {
    try (Connection c = server.connect("postgres");
        Statement s = c.createStatement();
        ResultSet r = s.executeQuery("select current_setting('" + name + "')")) {
      r.next();
      return r.getString(1);
    }
  }

  @Test
  void server_started_isDurableOnTheLoopbackAddressAndHasTheSettingsGiven() throws SQLException {
    try (EmbeddedServer server = EmbeddedServer.start(Map.of("work_mem", "7MB"))) {
      assertEquals("on", setting(server, "fsync"));
      assertEquals("on", setting(server, "synchronous_commit"));
      assertEquals("on", setting(server, "full_page_writes"));
      assertEquals("localhost", setting(server, "listen_addresses"));
      assertEquals("7MB", setting(server, "work_mem"));
      assertTrue(server.url("postgres").endsWith(":" + server.port() + "/postgres"));
    }
  }

  @Test
  void setting_given_winsOverTheDefault() throws SQLException {
    try (EmbeddedServer server = EmbeddedServer.start(Map.of("max_connections", "21"))) {
      assertEquals("21", setting(server, "max_connections"));
    }
  }

  @Test
  void server_closed_isGoneWithItsFiles() throws Exception {
    Path data;
    int port;
    try (EmbeddedServer server = EmbeddedServer.start(Map.of())) {
      data = Path.of(setting(server, "data_directory"));
      port = server.port();
      assertTrue(Files.exists(data.resolve("postmaster.pid")), data.toString());
    }
    assertFalse(Files.exists(data), data.toString());
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      assertEquals(port, socket.getLocalPort());
    }
  }

  /** As where somebody has logged in from a machine whose language is not installed here. */
  @Test
  void server_whereTheLocaleIsNotInstalled_startsAllTheSame() throws Exception {
    List<String> command =
        List.of(
            JavaProcess.java(),
            "-cp",
            System.getProperty("java.class.path"),
            StartsOne.class.getName());
    Map<String, String> variables = Map.of("LC_ALL", "xx_XX.UTF-8", "LANG", "xx_XX.UTF-8");
    try (JavaProcess program = JavaProcess.start(command, variables, folder.resolve("log"))) {
      assertEquals(0, program.awaitExit(), program.output());
    }
  }

  /** Starts a server, and ends. */
  static final class StartsOne {
    public static void main(String[] args) {
      EmbeddedServer.start(Map.of()).close();
    }
  }

  @Test
  void servers_two_standBesideEachOther() throws SQLException {
    try (EmbeddedServer one = EmbeddedServer.start(Map.of());
        EmbeddedServer other = EmbeddedServer.start(Map.of())) {
      assertNotEquals(one.port(), other.port());
      assertNotEquals(setting(one, "data_directory"), setting(other, "data_directory"));
    }
  }
}
