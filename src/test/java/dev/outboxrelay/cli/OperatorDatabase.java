// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.testing.TestDatabase;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A migrated database for the tests of a class, with commands that run on it. Before each test it
 * has no message, and the destinations {@code crm} and {@code audit}.
 */
final class OperatorDatabase implements BeforeAllCallback, BeforeEachCallback, AfterAllCallback {
  private TestDatabase db;

  @Override
  public void beforeAll(ExtensionContext tests) throws SQLException {
    db = TestDatabase.create();
  }

  @Override
  public void beforeEach(ExtensionContext test) throws SQLException {
    db.execute(
        "drop schema public cascade",
        "create schema public",
        "delete from outbox.message",
        "select outbox.start_capturing(name) from outbox.destination",
        "delete from outbox.destination",
        "insert into outbox.destination (name, uri) values ('crm', 'tcp://localhost:9000'),"
            + " ('audit', 'tcp://localhost:9001')");
  }

  @Override
  public void afterAll(ExtensionContext tests) throws SQLException {
    db.close();
  }

  TestDatabase db() {
    return db;
  }

  Map<String, String> variables() {
    return variables(db.user());
  }

  Map<String, String> variables(String user) {
    Map<String, String> variables = new HashMap<>();
    variables.put("OUTBOX_RELAY_DATABASE_URL", db.url());
    variables.put("OUTBOX_RELAY_DATABASE_USER", user);
    if (!db.password().isEmpty()) {
      variables.put("OUTBOX_RELAY_DATABASE_PASSWORD", db.password());
    }
    return variables;
  }

  CommandRun run(String... args) {
    return CommandRun.of(variables(), args);
  }

  void execute(String... statements) throws SQLException {
    db.execute(statements);
  }

  List<String> query(String sql) throws SQLException {
    return db.query(sql);
  }

  long count(String sql) throws SQLException {
    return db.count(sql);
  }

  /** A message that was set aside; its number. */
  long failed(String destination, String key, String error) throws SQLException {
    return db.count(
        "insert into outbox.message (destination, op, key, new_row, state, attempts, last_error)"
            + " values ('"
            + destination
            + "', 'message', '"
            + key
            + "', '{\"n\": 1.10}', 'failed', 10, '"
            + error.replace("'", "''")
            + "') returning id");
  }

  String wireId(long id) throws SQLException {
    return db.query("select outbox.wire_id(id, created_at) from outbox.message where id = " + id)
        .get(0);
  }

  /** Each message's state, in the order of ids. */
  List<String> states() throws SQLException {
    return db.query("select state from outbox.message order by id");
  }
}
