package dev.outboxrelay.embedded;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class EmbeddedServerTest {
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

  @Test
  void servers_two_standBesideEachOther() throws SQLException {
    try (EmbeddedServer one = EmbeddedServer.start(Map.of());
        EmbeddedServer other = EmbeddedServer.start(Map.of())) {
      assertNotEquals(one.port(), other.port());
      assertNotEquals(setting(one, "data_directory"), setting(other, "data_directory"));
    }
  }
}
