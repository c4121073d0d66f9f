// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import dev.outboxrelay.store.Migrator;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * A database of its own, migrated, on the server that all tests share; dropped on close.
 *
 * <pre>{@code
 * try (TestDatabase db = TestDatabase.create()) {
 *   db.execute("create table orders (id int primary key)");
 * }
 * }</pre>
 */
public final class TestDatabase implements AutoCloseable {
  private final TestServer server;
  private final String name;

  private TestDatabase(TestServer server, String name) {
    this.server = server;
    this.name = name;
  }

  /** A migrated database. */
  public static TestDatabase create() throws SQLException {
    return create(Template.NAME);
  }

  /** A copy with everything in it; no session may be in this one meanwhile. */
  public TestDatabase copy() throws SQLException {
    return create(name);
  }

  /** Migrated once a run; every migrated database is a copy of it. */
  private static final class Template {
    static final String NAME = migrated();

    private static String migrated() {
      try {
        TestDatabase database = createEmpty();
        new Migrator(database.url(), database.user(), database.password()).migrate();
        return database.name;
      } catch (SQLException e) {
        throw new IllegalStateException("no migrated database for the tests", e);
      }
    }
  }

  /** A database without the migrations. */
  public static TestDatabase createEmpty() throws SQLException {
    return create("template1");
  }

  /**
   * A migrated database of another locale.
   *
   * @param locale as in CREATE DATABASE, such as {@code locale_provider icu icu_locale 'tr'}
   */
  public static TestDatabase createWithLocale(String locale) throws SQLException {
    TestDatabase database = create("template0 " + locale);
    new Migrator(database.url(), database.user(), database.password()).migrate();
    return database;
  }

  private static TestDatabase create(String template) throws SQLException {
    TestServer server = TestServer.shared();
    String name = "t_" + UUID.randomUUID().toString().replace("-", "").substring(0, 16);
    try (Connection c = server.connect("postgres");
        Statement s = c.createStatement()) {
      s.execute("create database " + name + " template " + template);
    }
    return new TestDatabase(server, name);
  }

  public String name() {
    return name;
  }

  public String url() {
    return server.url(name);
  }

  public String user() {
    return server.user();
  }

  public String password() {
    return server.password();
  }

  /** A connection as the server's superuser. */
  public Connection connect() throws SQLException {
    return DriverManager.getConnection(url(), user(), password());
  }

  /** Runs statements, each in a transaction of its own. */
  public void execute(String... statements) throws SQLException {
    try (Connection c = connect();
        Statement s = c.createStatement()) {
      for (String statement : statements) {
        s.execute(statement);
      }
    }
  }

  /** The first column of every row, as text. */
  public List<String> query(String sql) throws SQLException {
    try (Connection c = connect();
        Statement s = c.createStatement();
        ResultSet r = s.executeQuery(sql)) {
      List<String> rows = new ArrayList<>();
      while (r.next()) {
        rows.add(r.getString(1));
      }
      return rows;
    }
  }

  /** The first column of the only row, as a number. */
  public long count(String sql) throws SQLException {
    return Long.parseLong(query(sql).get(0));
  }

  @Override
  public void close() throws SQLException {
    try (Connection c = server.connect("postgres");
        Statement s = c.createStatement()) {
      s.execute("drop database if exists " + name + " with (force)");
    }
  }
}
