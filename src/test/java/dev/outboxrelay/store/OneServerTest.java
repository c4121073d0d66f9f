// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Which sessions pass; a whole failover is tried with the relay. */
final class OneServerTest {

  private static Connection open(TestDatabase db, String parameters) throws SQLException {
    return Login.of(db.url() + parameters, db.user(), db.password()).open();
  }

  @Test
  void session_onTheSameServer_passes() throws Exception {
    OneServer server = new OneServer();
    try (TestDatabase db = TestDatabase.createEmpty();
        Connection one = open(db, "");
        Connection other = open(db, "")) {
      server.admit(one);
      server.admit(other);
    }
  }

  @Test
  void session_elsewhere_isRefused() throws Exception {
    OneServer server = new OneServer();
    try (TestDatabase db = TestDatabase.createEmpty();
        TestDatabase second = TestDatabase.createEmpty();
        Connection one = open(db, "");
        Connection other = open(second, "")) {
      server.admit(one);
      UnfitServer unfit = assertThrows(UnfitServer.class, () -> server.admit(other));
      assertTrue(unfit.getMessage().contains("one and the same server"), unfit.getMessage());
    }
  }

  @Test
  void session_thatMayNotWrite_isRefusedAndLeftAsItIs() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty();
        Connection reading = open(db, "?options=-c%20default_transaction_read_only=on")) {
      SQLException unfit = assertThrows(UnfitServer.class, () -> new OneServer().admit(reading));
      assertTrue(Trouble.isReadOnly(unfit));
      try (var s = reading.createStatement();
          var r = s.executeQuery("show transaction_read_only")) {
        r.next();
        assertEquals("on", r.getString(1));
      }
    }
  }

  /** A login without any right may ask what is asked. */
  @Test
  void session_ofAPlainLogin_passes() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty();
        Connection plain = open(db, "?options=-c%20role=pg_signal_backend")) {
      new OneServer().admit(plain);
    }
  }

  /** The pool opens connections at any time, long after the other sessions. */
  @Test
  void pool_whoseNextConnectionMayNotWrite_saysSo() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty();
        Database database =
            Database.connect(
                new DatabaseSettings(
                    db.url(),
                    db.user(),
                    db.password(),
                    2,
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(10)))) {
      db.execute(
          "alter database " + db.name() + " set default_transaction_read_only = on",
          "select pg_terminate_backend(pid) from pg_stat_activity"
              + " where datname = current_database() and application_name = 'outbox-relay'");
      assertThrows(SQLException.class, () -> database.messages().snapshot());
      String reason = database.unfit().get(30, TimeUnit.SECONDS);
      assertTrue(reason.contains("takes no writes"), reason);
    }
  }
}
