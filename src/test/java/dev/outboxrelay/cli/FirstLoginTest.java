// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.PostgresBinaries;
import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.testing.ScriptedPeer;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a real server says to a first login, and whether waiting could mend it. */
final class FirstLoginTest {
  @TempDir static Path folder;
  private static PostgresProcess server;

  @BeforeAll
  static void startServer() throws Exception {
    Path access = folder.resolve("access.conf");
    Files.writeString(
        access,
        """
        host all postgres,nologin,limited 127.0.0.1/32 trust
        host all rejected 127.0.0.1/32 reject
        host all plain,expired,unknown 127.0.0.1/32 scram-sha-256
        """);
    server =
        PostgresProcess.create(PostgresBinaries.embedded(), Map.of("hba_file", access.toString()));
    server.execute(
        "postgres",
        "create role plain login password 'right'",
        "create role nologin",
        "create role rejected login",
        "create role unlisted login",
        "create role expired login password 'right' valid until '2001-01-01'",
        "create role limited login connection limit 0",
        "create database closed allow_connections false",
        "create database reserved",
        "revoke connect on database reserved from public");
  }

  @AfterAll
  static void stopServer() throws Exception {
    server.close();
  }

  private static DatabaseGate gate(String url, String user, String password, List<String> reasons) {
    return new DatabaseGate(
        DatabaseAccess.of(url, user, password),
        pause -> reasons.size() < 2,
        (reason, refused) -> reasons.add(reason));
  }

  @ParameterizedTest
  @CsvSource({
    "plain, wrong, postgres, 28P01",
    "plain, '', postgres, 08004",
    "expired, right, postgres, 28P01",
    "unknown, right, postgres, 28P01",
    "nologin, '', postgres, 28000",
    "rejected, '', postgres, 28000",
    "unlisted, '', postgres, 28000",
    "plain, right, no_such_database, 3D000",
    "plain, right, reserved, 42501",
    "plain, right, postgres?options=-c%20no_such_setting=1, 42704",
    "plain, right, postgres?connectTimeout=soon, 22023",
    "plain, right, postgres?sslmode=require, 08004",
  })
  void login_thatOnlyAPersonCanMend_isRefusedAtOnce(
      String user, String password, String database, String state) {
    List<String> reasons = new ArrayList<>();
    UserError refused =
        assertThrows(
            UserError.class,
            () -> gate(server.url(database), user, password, reasons).isReadyForSessions());
    assertEquals(ExitCode.REFUSED, refused.exitCode());
    assertTrue(refused.getMessage().contains("(SQLSTATE " + state + ")"), refused.getMessage());
    assertEquals(List.of(), reasons);
  }

  @Test
  void roleThatIsFull_isWaitedFor() throws Exception {
    List<String> reasons = new ArrayList<>();
    assertFalse(gate(server.url("postgres"), "limited", "", reasons).isReadyForSessions());
    assertEquals(2, reasons.size());
    assertTrue(reasons.get(0).contains("(SQLSTATE 53300)"), reasons.get(0));
  }

  @Test
  void databaseThatIsClosed_isWaitedForUntilItOpens() throws Exception {
    List<String> reasons = new ArrayList<>();
    DatabaseGate gate =
        new DatabaseGate(
            DatabaseAccess.of(server.url("closed"), "postgres", ""),
            pause -> open("closed"),
            (reason, refused) -> reasons.add(reason));
    UserError noSchema = assertThrows(UserError.class, gate::isReadyForSessions);
    assertEquals(ExitCode.SCHEMA_MISSING, noSchema.exitCode());
    assertEquals(1, reasons.size(), reasons::toString);
    assertTrue(reasons.get(0).contains("(SQLSTATE 55000)"), reasons.get(0));
  }

  /** The right once had, a refusal passes: the password is being changed. */
  @Test
  void login_refusedAfterOneThatWasRight_isWaitedFor() throws Exception {
    List<String> reasons = new ArrayList<>();
    DatabaseGate gate = gate(server.url("postgres"), "plain", "right", reasons);
    assertTrue(gate.pooler().isPresent());
    server.execute("postgres", "alter role plain password 'other'");
    try {
      assertFalse(gate.isReadyForSessions());
      assertEquals(2, reasons.size());
      assertTrue(reasons.get(0).contains("(SQLSTATE 28P01)"), reasons.get(0));
    } finally {
      server.execute("postgres", "alter role plain password 'right'");
    }
  }

  /** Starting up, shutting down, full, in trouble, and what nobody has heard of. */
  @ParameterizedTest
  @ValueSource(
      strings = {"57P03", "57P01", "53300", "53200", "55000", "08P01", "58000", "XX000", "99999"})
  void login_refusedWithWhatMayPass_isWaitedFor(String state) throws Exception {
    List<String> reasons = new ArrayList<>();
    try (ScriptedPeer refusing = new ScriptedPeer(peer -> refuse(peer, state))) {
      String url = "jdbc:postgresql://127.0.0.1:" + refusing.port() + "/shop";
      assertFalse(gate(url, "plain", "", reasons).isReadyForSessions());
    }
    assertEquals(2, reasons.size());
    assertTrue(reasons.get(0).contains("(SQLSTATE " + state + ")"), reasons.get(0));
  }

  private static boolean open(String database) {
    try {
      server.execute("postgres", "alter database " + database + " allow_connections true");
      return true;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What a server does that speaks no TLS and lets nobody in. */
  private static void refuse(ScriptedPeer.Conversation peer, String state) throws IOException {
    DataInputStream in = new DataInputStream(peer.in());
    in.skipNBytes(in.readInt() - Integer.BYTES);
    peer.say("N");
    in.skipNBytes(in.readInt() - Integer.BYTES);
    String fields = "SFATAL\0VFATAL\0C" + state + "\0Mnot now\0\0";
    byte[] text = fields.getBytes(StandardCharsets.US_ASCII);
    peer.say("E\0\0\0" + (char) (text.length + Integer.BYTES));
    peer.say(text);
  }
}
