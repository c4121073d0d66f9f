package dev.outboxrelay.store;

import java.time.Duration;

/**
 * How to reach the database.
 *
 * @param url JDBC URL
 * @param user login
 * @param password may be empty
 * @param poolSize connections for reads and completions, 2 or more; three more serve listening and
 *     locks
 * @param connectTimeout how long one connection attempt may take
 * @param silenceLimit how long the server may stay silent on a control session before the relay
 *     takes it for lost, and the other way round
 */
public record DatabaseSettings(
    String url,
    String user,
    String password,
    int poolSize,
    Duration connectTimeout,
    Duration silenceLimit) {

  public DatabaseSettings {
    if (!url.startsWith("jdbc:postgresql:")) {
      throw new IllegalArgumentException(
          "database URL: need jdbc:postgresql://host:port/database, got one that starts with '"
              + url.substring(0, Math.min(url.length(), 16))
              + "'");
    }
    if (poolSize < 2 || poolSize > 100) {
      throw new IllegalArgumentException("pool size is " + poolSize + ", need 2 to 100");
    }
    if (silenceLimit.toMillis() < 1000) {
      throw new IllegalArgumentException(
          "heartbeat bound is " + silenceLimit + ", need 1 s or more");
    }
  }

  @Override
  public String toString() {
    return "DatabaseSettings[user=" + user + ", poolSize=" + poolSize + ", password hidden]";
  }
}
