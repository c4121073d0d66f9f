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
 * @param heartbeatBound within this time another relay has taken over from one that is cut off from
 *     the database, and that one has stopped sending; 1 s or more
 */
public record DatabaseSettings(
    String url,
    String user,
    String password,
    int poolSize,
    Duration connectTimeout,
    Duration heartbeatBound) {

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
    if (heartbeatBound.toMillis() < 1000 || heartbeatBound.toHours() >= 1) {
      throw new IllegalArgumentException(
          "heartbeat bound is " + heartbeatBound + ", need 1 s to 1 hour");
    }
  }

  /**
   * How long either end of a control session bears the other's silence: shorter than the bound, so
   * that within it the other relay has also noticed, taken over and connected.
   */
  public Duration silenceLimit() {
    return heartbeatBound.multipliedBy(7).dividedBy(10);
  }

  @Override
  public String toString() {
    return "DatabaseSettings[user=" + user + ", poolSize=" + poolSize + ", password hidden]";
  }
}
