// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import dev.outboxrelay.embedded.EmbeddedServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * The PostgreSQL that all tests of a run share, started on first use: embedded by default; {@code
 * -Dpostgres.url} (with user and password inside) names one that is there; {@code -Dpostgres.image}
 * starts an image with Testcontainers.
 */
public final class TestServer {
  private static final class Holder {
    static final TestServer SHARED = start();
  }

  private final String host;
  private final String user;
  private final String password;

  private TestServer(String host, String user, String password) {
    this.host = host;
    this.user = user;
    this.password = password;
  }

  public static TestServer shared() {
    return Holder.SHARED;
  }

  private static TestServer start() {
    String url = System.getProperty("postgres.url", "");
    String image = System.getProperty("postgres.image", "");
    if (!url.isEmpty()) {
      return given(url);
    }
    if (!image.isEmpty()) {
      return container(image);
    }
    EmbeddedServer server = EmbeddedServer.start(Map.of("max_prepared_transactions", "20"));
    return new TestServer("localhost:" + server.port(), server.user(), "");
  }

  /**
   * {@code jdbc:postgresql://host:port/postgres?user=…&password=…}: the user must be a superuser.
   */
  private static TestServer given(String url) {
    java.util.Properties parsed = org.postgresql.Driver.parseURL(url, null);
    if (parsed == null) {
      throw new IllegalArgumentException("-Dpostgres.url=" + url + " is no JDBC URL of PostgreSQL");
    }
    return new TestServer(
        parsed.getProperty("PGHOST") + ":" + parsed.getProperty("PGPORT"),
        parsed.getProperty("user", "postgres"),
        parsed.getProperty("password", ""));
  }

  @SuppressWarnings("resource") // lives as long as the test run
  private static TestServer container(String image) {
    PostgreSQLContainer container =
        new PostgreSQLContainer(
            org.testcontainers.utility.DockerImageName.parse(image)
                .asCompatibleSubstituteFor("postgres"));
    container.setCommand(
        "postgres", "-c", "max_connections=200", "-c", "max_prepared_transactions=20");
    container.start();
    return new TestServer(
        container.getHost() + ":" + container.getFirstMappedPort(),
        container.getUsername(),
        container.getPassword());
  }

  public String url(String database) {
    return "jdbc:postgresql://" + host + "/" + database;
  }

  public String user() {
    return user;
  }

  public String password() {
    return password;
  }

  public Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(url(database), user, password);
  }
}
