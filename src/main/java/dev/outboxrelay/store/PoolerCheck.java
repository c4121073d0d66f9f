package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.PGConnection;

/**
 * Finds a connection pooler between this program and the server. When a session starts, the server
 * tells the client its process number; a pooler tells one of its own making. So if the process that
 * answers a query is another than the one that was announced, something stands between.
 */
public final class PoolerCheck {
  private PoolerCheck() {}

  /**
   * Connects once and looks.
   *
   * @param url JDBC URL of the database
   * @param user login
   * @param password may be empty
   */
  public static boolean isBehindPooler(String url, String user, String password)
      throws SQLException {
    try (Connection connection = Login.open(url, user, password);
        Statement statement = connection.createStatement();
        ResultSet result = statement.executeQuery("select pg_backend_pid()")) {
      result.next();
      return result.getInt(1) != connection.unwrap(PGConnection.class).getBackendPID();
    }
  }
}
