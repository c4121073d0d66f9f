// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.embedded;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;

/**
 * A PostgreSQL of this platform's binaries, on a free port of the loopback address, with a data
 * directory of its own that is deleted on close. Durable by default ({@code fsync} and {@code
 * synchronous_commit} on), as a server in production is.
 */
public final class EmbeddedServer implements AutoCloseable {
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

  /** Named by a text, for a class that is not there cannot be named otherwise. */
  private static final String LIBRARY = "io.zonky.test.db.postgres.embedded.EmbeddedPostgres";

  private final EmbeddedPostgres postgres;

  private EmbeddedServer(EmbeddedPostgres postgres) {
    this.postgres = postgres;
  }

  /**
   * Whether the binaries are there. They come from Maven, or with the distribution's add-on for the
   * demo; the program itself does not hold them.
   */
  public static boolean available() {
    try {
      Class.forName(LIBRARY, false, EmbeddedServer.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException e) {
      return false;
    }
  }

  /**
   * Starts a server, where one is {@link #available()}.
   *
   * @param settings server settings that differ from the defaults, such as {@code
   *     max_connections=200}
   * @throws UncheckedIOException when it does not start within 60 s
   */
  public static EmbeddedServer start(Map<String, String> settings) {
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .setPGStartupWait(START_TIMEOUT)
            // That of the surroundings may not be installed, which initdb refuses.
            .setLocaleConfig("locale", "C")
            .setServerConfig("fsync", "on")
            .setServerConfig("synchronous_commit", "on")
            .setServerConfig("full_page_writes", "on")
            .setServerConfig("max_connections", "200");
    settings.forEach(builder::setServerConfig);
    try {
      return new EmbeddedServer(builder.start());
    } catch (IOException e) {
      throw new UncheckedIOException("the embedded PostgreSQL did not start: " + e.getMessage(), e);
    }
  }

  public int port() {
    return postgres.getPort();
  }

  /** The superuser, who needs no password. */
  public String user() {
    return "postgres";
  }

  /** JDBC URL of a database on this server, without user and password. */
  public String url(String database) {
    return "jdbc:postgresql://localhost:" + port() + "/" + database;
  }

  /** A connection as superuser. */
  public Connection connect(String database) throws SQLException {
    return DriverManager.getConnection(url(database), user(), "");
  }

  @Override
  public void close() {
    try {
      postgres.close();
    } catch (IOException e) {
      throw new UncheckedIOException("the embedded PostgreSQL did not stop: " + e.getMessage(), e);
    }
  }
}
