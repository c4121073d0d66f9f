// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import dev.outboxrelay.values.Durations;
import java.time.Duration;

/**
 * How to reach the database.
 *
 * @param login where, and as whom
 * @param poolSize connections for reads and completions, 2 or more; three more serve listening and
 *     locks
 * @param connectTimeout how long one connection attempt may take
 * @param heartbeatBound within this time another relay has taken over from one that is cut off from
 *     the database, and that one has stopped sending; 1 s or more
 */
public record DatabaseSettings(
    Login login, int poolSize, Duration connectTimeout, Duration heartbeatBound) {

  /** With a password that stays the same. */
  public DatabaseSettings(
      String url,
      String user,
      String password,
      int poolSize,
      Duration connectTimeout,
      Duration heartbeatBound) {
    this(Login.of(url, user, password), poolSize, connectTimeout, heartbeatBound);
  }

  public DatabaseSettings {
    if (poolSize < 2 || poolSize > 100) {
      throw new IllegalArgumentException("pool size is " + poolSize + ", need 2 to 100");
    }
    if (heartbeatBound.toMillis() < 1000 || heartbeatBound.toHours() >= 1) {
      throw new IllegalArgumentException(
          "heartbeat bound is "
              + Durations.text(heartbeatBound)
              + ", need 1s or more, less than 1h");
    }
  }

  /**
   * How long either end of a control session bears the other's silence: shorter than the bound, so
   * that within it the other relay has also noticed, taken over and connected.
   */
  public Duration silenceLimit() {
    return Duration.ofMillis(heartbeatBound.toMillis() * 7 / 10);
  }

  @Override
  public String toString() {
    return "DatabaseSettings[" + login + ", poolSize=" + poolSize + "]";
  }
}
