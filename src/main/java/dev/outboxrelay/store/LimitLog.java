// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs what was done since a destination's limit was reached: it may be done each minute for a
 * week, so one line an hour is WARN. What is shed stands in {@code outbox.shed_record} anyway.
 */
final class LimitLog {
  private static final Logger LOG = LoggerFactory.getLogger(LimitLog.class);
  private static final long QUIET_NANOS = 3_600_000_000_000L;

  /** By destination, when it was told last. */
  private final Map<String, Long> toldNanos = new ConcurrentHashMap<>();

  void tell(String destination, String done) {
    long now = System.nanoTime();
    Long told = toldNanos.get(destination);
    if (told != null && now - told < QUIET_NANOS) {
      LOG.debug("destination {}: {}", destination, done);
      return;
    }
    toldNanos.put(destination, now);
    LOG.warn("destination {}: {}", destination, done);
  }
}
