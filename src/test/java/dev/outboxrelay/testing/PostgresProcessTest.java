// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class PostgresProcessTest {

  @Test
  @Timeout(120)
  void server_killedAndStarted_keepsWhatWasCommittedAndPrepared() throws Exception {
    try (PostgresProcess server =
        PostgresProcess.create(
            PostgresBinaries.embedded(), Map.of("max_prepared_transactions", "5"))) {
      server.execute("postgres", "create table t (id int)", "insert into t values (1)");
      try (Connection connection = server.connect("postgres")) {
        connection.setAutoCommit(false);
        connection.createStatement().execute("insert into t values (2)");
        connection.createStatement().execute("prepare transaction 'p'");
      }
      try (Connection connection = server.connect("postgres")) {
        connection.setAutoCommit(false);
        connection.createStatement().execute("insert into t values (3)");
        server.kill();
        assertThrows(SQLException.class, connection::commit);
      }
      server.start();
      assertEquals("1", server.value("postgres", "select string_agg(id::text, ',') from t"));
      server.execute("postgres", "commit prepared 'p'");
      assertEquals("2", server.value("postgres", "select count(*) from t"));
    }
  }
}
