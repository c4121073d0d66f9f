// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import dev.outboxrelay.store.Migrator;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A migrated database of the bench's own, dropped on close. */
final class BenchDatabase implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BenchDatabase.class);

  private final BenchServer server;
  private final String name;

  /** A bench that is stopped half-way leaves nothing behind on a server that stays. */
  private final Thread dropOnExit = new Thread(this::dropOnExit, "drop-database");

  private BenchDatabase(BenchServer server, String name) {
    this.server = server;
    this.name = name;
  }

  static BenchDatabase create(BenchServer server, String name) throws SQLException {
    BenchDatabase database = new BenchDatabase(server, name);
    if (!server.isEmbedded()) {
      // Before there is a database: while the bench is being stopped this is refused, and none is
      // made.
      Runtime.getRuntime().addShutdownHook(database.dropOnExit);
    }
    database.drop();
    try (Connection c = server.connect();
        Statement s = c.createStatement()) {
      s.execute("create database " + name);
    }
    new Migrator(database.url(), server.user(), server.password()).migrate();
    return database;
  }

  String url() {
    return server.url(name);
  }

  String user() {
    return server.user();
  }

  String password() {
    return server.password();
  }

  Connection connect() throws SQLException {
    return DriverManager.getConnection(url(), user(), password());
  }

  /** Runs statements, each in a transaction of its own. */
  void execute(String... statements) throws SQLException {
    try (Connection c = connect();
        Statement s = c.createStatement()) {
      for (String statement : statements) {
        s.execute(statement);
      }
    }
  }

  /** The first column of the first row, as a number. */
  long number(String sql) throws SQLException {
    return Long.parseLong(text(sql));
  }

  /** The first column of the first row. */
  String text(String sql) throws SQLException {
    try (Connection c = connect();
        Statement s = c.createStatement();
        ResultSet r = s.executeQuery(sql)) {
      r.next();
      return r.getString(1);
    }
  }

  @Override
  public void close() throws SQLException {
    drop();
    try {
      Runtime.getRuntime().removeShutdownHook(dropOnExit);
    } catch (IllegalStateException e) {
      // The bench is being stopped, and what is to be done is done.
    }
  }

  private void dropOnExit() {
    try {
      drop();
    } catch (SQLException e) {
      LOG.warn("database {} is left behind; the next bench drops it", name, e);
    }
  }

  private void drop() throws SQLException {
    try (Connection c = server.connect();
        Statement s = c.createStatement()) {
      s.execute("drop database if exists " + name + " with (force)");
    }
  }
}
