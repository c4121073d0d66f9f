// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A migrated database with two destinations, {@code crm} and {@code audit}. As an extension it is
 * that of a whole class: as {@link #reset} leaves it before each test, dropped after the last.
 *
 * <pre>{@code
 * @RegisterExtension private static final Outbox outbox = Outbox.shared();
 * }</pre>
 */
final class Outbox implements AutoCloseable, BeforeEachCallback, AfterAllCallback {
  private final TestDatabase db;

  /** Holds what a relay that owns all doorbells holds. */
  private @Nullable Connection relay;

  private Outbox(TestDatabase db) {
    this.db = db;
  }

  static Outbox create() throws SQLException {
    return new Outbox(TestDatabase.create());
  }

  /** As {@link #create}, with a relay for every destination as far as the doctor can see. */
  static Outbox createOwned() throws SQLException {
    Outbox outbox = create();
    Connection relay = outbox.connect();
    outbox.relay = relay;
    run(relay, "select pg_advisory_lock(7021002, g) from generate_series(0, 63) g");
    return outbox;
  }

  /** For {@code @RegisterExtension}. */
  static Outbox shared() {
    try {
      return create();
    } catch (SQLException e) {
      throw new IllegalStateException("no database for the tests", e);
    }
  }

  /** As {@link #shared}, with a relay for every destination as far as the doctor can see. */
  static Outbox sharedOwned() {
    try {
      return createOwned();
    } catch (SQLException e) {
      throw new IllegalStateException("no database for the tests", e);
    }
  }

  @Override
  public void beforeEach(ExtensionContext test) throws SQLException {
    reset();
  }

  @Override
  public void afterAll(ExtensionContext tests) throws SQLException {
    close();
  }

  /** An empty schema public, no message, the two destinations: what each test begins with. */
  void reset() throws SQLException {
    db.execute(
        "drop schema public cascade",
        "create schema public",
        "grant all on schema public to public",
        "delete from outbox.message",
        "delete from outbox.destination",
        "insert into outbox.destination (name, uri) values ('crm', 'tcp://localhost:9000'),"
            + " ('audit', 'tls://localhost:9001')");
  }

  TestDatabase db() {
    return db;
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

  Connection connect() throws SQLException {
    return db.connect();
  }

  /** A connection as another user. */
  Connection connectAs(String user) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", user);
    properties.setProperty("password", "secret");
    return java.sql.DriverManager.getConnection(db.url(), properties);
  }

  /** Every message in id order: operation, key, old row, new row; a dash for null. */
  List<String> messages() throws SQLException {
    return db.query(
        "select op || ' ' || coalesce(key, '-') || ' ' || coalesce(old_row::text, '-') || ' '"
            + " || coalesce(new_row::text, '-') from outbox.message order by id");
  }

  /** Every message in id order: operation and key. */
  List<String> changes() throws SQLException {
    return db.query("select op || ' ' || coalesce(key, '-') from outbox.message order by id");
  }

  /** What the doctor finds: severity, check and object. */
  List<String> findings() throws SQLException {
    return db.query("select concat_ws(' | ', severity, check_name, object) from outbox.doctor()");
  }

  /** The doctor's remedies, in the order of the findings. */
  List<String> remedies() throws SQLException {
    return db.query("select remedy from outbox.doctor()");
  }

  /** Executes the doctor's remedies; nothing is found any more. */
  void mend() throws SQLException {
    execute(remedies().toArray(String[]::new));
    Assertions.assertEquals(List.of(), findings());
  }

  /** Fails with this SQLSTATE; the error's text, hint included. */
  String refuses(String sqlState, String sql) throws SQLException {
    try (Connection c = connect()) {
      return refuses(c, sqlState, sql);
    }
  }

  static String refuses(Connection c, String sqlState, String sql) {
    SQLException refused =
        Assertions.assertThrows(
            SQLException.class,
            () -> {
              try (Statement s = c.createStatement()) {
                s.execute(sql);
              }
            },
            sql);
    Assertions.assertEquals(sqlState, refused.getSQLState(), refused.getMessage());
    return String.valueOf(refused.getMessage());
  }

  static void run(Connection c, String... statements) throws SQLException {
    try (Statement s = c.createStatement()) {
      for (String statement : statements) {
        s.execute(statement);
      }
    }
  }

  static List<String> column(Connection c, String sql) throws SQLException {
    try (Statement s = c.createStatement();
        ResultSet r = s.executeQuery(sql)) {
      List<String> rows = new ArrayList<>();
      while (r.next()) {
        rows.add(r.getString(1));
      }
      return rows;
    }
  }

  @Override
  public void close() throws SQLException {
    if (relay != null) {
      relay.close();
    }
    db.close();
  }
}
