// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.postgresql.Driver;
import org.postgresql.hostchooser.HostRequirement;
import org.postgresql.jdbc.GSSEncMode;
import org.postgresql.jdbc.SslMode;

/**
 * How to log in to a database: the same for every session that the program opens.
 *
 * @param url JDBC URL without user and password; may name several hosts
 * @param user login
 * @param password asked at each login
 */
public record Login(String url, String user, Password password) {
  private static final String SCHEME = "jdbc:postgresql:";
  private static final String TARGET = "targetServerType";

  /** How long an attempt may take for what is asked once. */
  private static final Duration LIMIT = Duration.ofSeconds(10);

  /**
   * Checks the URL.
   *
   * @throws IllegalArgumentException when no login could ever be tried with it; shows no secret
   */
  public Login {
    if (!url.startsWith(SCHEME)) {
      throw new IllegalArgumentException(
          "database URL: need jdbc:postgresql://host:port/database, got one that starts with '"
              + url.substring(0, Math.min(url.length(), 16))
              + "'");
    }
    Properties parsed = Driver.parseURL(url, null);
    if (parsed == null) {
      throw new IllegalArgumentException(
          "database URL: need jdbc:postgresql://host:port/database with ports from 1 to 65535");
    }
    checkWords(parsed);
  }

  /** The parameters that are one of a few words. */
  private static void checkWords(Properties parsed) {
    try {
      SslMode.of(parsed);
      GSSEncMode.of(parsed);
      HostRequirement.getTargetServerType(parsed.getProperty(TARGET, "any"));
    } catch (SQLException | IllegalArgumentException e) {
      throw new IllegalArgumentException("database URL: " + Trouble.words(e), e);
    }
  }

  /** A login whose password stays the same. */
  public static Login of(String url, String user, String password) {
    return new Login(url, user, Password.of(password));
  }

  /** A single connection for what is asked once, with a bound on how long a login may take. */
  Connection open() throws SQLException {
    return open(LIMIT, Map.of());
  }

  /**
   * A connection.
   *
   * @param perHost how long the attempt may take with each host of the URL, so that one that
   *     swallows everything leaves time for the next
   * @param parameters the driver's; those that the URL gives win
   */
  public Connection open(Duration perHost, Map<String, String> parameters) throws SQLException {
    Properties properties = new Properties();
    Properties given = parsed();
    int hosts = given.getProperty("PGHOST", "").split(",").length;
    long seconds = Math.max(1, perHost.toSeconds());
    properties.setProperty("connectTimeout", Long.toString(seconds));
    properties.setProperty("loginTimeout", Long.toString(seconds * hosts));
    if (hosts > 1) {
      // The driver takes the first that answers, be it a standby.
      properties.setProperty(TARGET, "primary");
    }
    properties.putAll(parameters);
    properties.setProperty("user", user);
    properties.setProperty("password", password.read());
    return DriverManager.getConnection(url, properties);
  }

  private Properties parsed() {
    Properties parsed = Driver.parseURL(url, null);
    return parsed == null ? new Properties() : parsed;
  }

  @Override
  public String toString() {
    return "Login[user=" + user + ", password hidden]";
  }
}
