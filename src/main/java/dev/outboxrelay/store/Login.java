package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;

/** A single connection for what is asked once, with a bound on how long a login may take. */
final class Login {
  /** So that a server that accepts and says nothing is noticed, as one that is not there is. */
  static final Map<String, String> LIMITS = Map.of("connectTimeout", "10", "loginTimeout", "10");

  private Login() {}

  static Connection open(String url, String user, String password) throws SQLException {
    Properties properties = new Properties();
    properties.putAll(LIMITS);
    properties.setProperty("user", user);
    properties.setProperty("password", password);
    return DriverManager.getConnection(url, properties);
  }
}
