// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import dev.outboxrelay.embedded.EmbeddedServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;

/** The PostgreSQL that is measured on: one of the bench's own, or one that is given. */
final class BenchServer implements AutoCloseable {
  private final @Nullable EmbeddedServer embedded;
  private final String address;

  /** Parameters of the URL, with their question mark; empty without. */
  private final String parameters;

  private final String maintenanceDatabase;
  private final String user;
  private final String password;

  private BenchServer(
      @Nullable EmbeddedServer embedded,
      String address,
      String parameters,
      String maintenanceDatabase,
      String user,
      String password) {
    this.embedded = embedded;
    this.address = address;
    this.parameters = parameters;
    this.maintenanceDatabase = maintenanceDatabase;
    this.user = user;
    this.password = password;
  }

  /** A server of our own: durable, with default settings but for max_connections = 200. */
  static BenchServer embedded() {
    return embedded(Map.of());
  }

  /** A server of our own that counts statements, which costs each of them something. */
  static BenchServer counting() {
    return embedded(Map.of("shared_preload_libraries", "pg_stat_statements"));
  }

  private static BenchServer embedded(Map<String, String> settings) {
    EmbeddedServer server = EmbeddedServer.start(settings);
    return new BenchServer(server, "localhost:" + server.port(), "", "postgres", server.user(), "");
  }

  /**
   * A server that is there; the user must be allowed to make databases and checkpoints.
   *
   * @param url its parameters, such as sslmode, hold for the bench's databases too
   */
  static BenchServer given(String url, String user, String password) {
    Properties parsed = Driver.parseURL(url, null);
    if (parsed == null) {
      throw new IllegalArgumentException("this is no JDBC URL of PostgreSQL");
    }
    String[] hosts = parsed.getProperty("PGHOST").split(",");
    String[] ports = parsed.getProperty("PGPORT").split(",");
    StringJoiner address = new StringJoiner(",");
    for (int i = 0; i < hosts.length; i++) {
      address.add(hosts[i] + ":" + ports[i]);
    }
    int question = url.indexOf('?');
    return new BenchServer(
        null,
        address.toString(),
        question < 0 ? "" : url.substring(question),
        parsed.getProperty("PGDBNAME", "postgres"),
        user,
        password);
  }

  boolean isEmbedded() {
    return embedded != null;
  }

  String url(String database) {
    return "jdbc:postgresql://" + address + "/" + database + parameters;
  }

  String user() {
    return user;
  }

  String password() {
    return password;
  }

  /** A connection to a database that is none of the bench's. */
  Connection connect() throws SQLException {
    return DriverManager.getConnection(url(maintenanceDatabase), user, password);
  }

  @Override
  public void close() {
    if (embedded != null) {
      embedded.close();
    }
  }
}
