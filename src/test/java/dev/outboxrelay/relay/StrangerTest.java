// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A login without any right on the schema, which may take any advisory lock all the same, and has
 * taken some before the relay comes.
 */
final class StrangerTest {
  private TestDatabase db;
  private ScriptedReceiver receiver;
  private String role;
  private Connection stranger;

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    receiver = ScriptedReceiver.start();
    db.execute(
        "insert into outbox.destination (name, uri) values ('out', '" + receiver.uri() + "')");
    role = "stranger_" + db.name();
    db.execute("create role " + role + " login password 'secret'");
    stranger = DriverManager.getConnection(db.url(), role, "secret");
  }

  @AfterEach
  void tearDown() throws Exception {
    stranger.close();
    db.execute("drop role " + role);
    receiver.close();
    db.close();
  }

  private void holds(String locks) throws SQLException {
    try (Statement s = stranger.createStatement()) {
      s.execute("select " + locks);
    }
  }

  private void awaitNothingOwed() throws Exception {
    Await.until("nothing owed", () -> db.count("select count(*) from outbox.message") == 0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "pg_advisory_lock_shared(7021003, 0)",
        "pg_advisory_lock(7021003, 0)",
        "pg_advisory_lock_shared(7021003, pg_backend_pid())",
        "pg_advisory_lock(7021001, g) from generate_series(0, 63) g",
        "pg_advisory_lock_shared(7021001, g) from generate_series(0, 63) g",
        "pg_advisory_lock(7021004, 0)"
      })
  void strangersLocks_thatNoDestinationHangsOn_keepNothingBack(String locks) throws Exception {
    holds(locks);
    db.execute("select outbox.publish('out', '{}')");
    try (RunningRelay relay = RunningRelay.start(db)) {
      awaitNothingOwed();
      db.execute("select outbox.publish('out', '{}')");
      awaitNothingOwed();
    }
  }

  @Test
  void strangersOwnersLock_isNamed_andDeliveryBeginsWhenHeLetsGo() throws Exception {
    holds("pg_advisory_lock(7021002, g) from generate_series(0, 63) g");
    db.execute(
        "insert into outbox.destination (name, uri) values ('marker', '" + receiver.uri() + "')",
        "select outbox.publish('out', '{}')");
    try (RunningRelay relay = RunningRelay.start(db)) {
      Await.until(
          "the relay is there",
          () -> db.count("select count(*) from outbox.relay_locks where by_relay") > 0);
      assertNull(db.query("select owner from outbox.status where destination = 'out'").get(0));
      assertEquals(
          List.of("foreign lock", "no relay", "no relay"),
          db.query(
              "select check_name from outbox.doctor where check_name in ('foreign lock', 'no relay')"));
      db.execute(
          db.query("select remedy from outbox.doctor where check_name = 'foreign lock'").get(0));
      awaitNothingOwed();
      assertEquals(
          List.of("test"), db.query("select owner from outbox.status where destination = 'out'"));
    }
  }
}
