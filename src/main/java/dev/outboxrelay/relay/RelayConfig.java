// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import dev.outboxrelay.store.DatabaseSettings;
import dev.outboxrelay.values.Durations;
import java.time.Duration;

/**
 * A relay's settings. Every key, its flag, its environment variable and its default stand in
 * docs/reference/configuration.md.
 *
 * @param database how to reach the database; its silence limit is the heartbeat bound
 * @param name this relay's name, shown as owner in {@code outbox.status}
 * @param sweep how often everything owed is read, whatever the bell says; 1 s or more
 * @param poll how often to read without a bell, zero for never; for writers with {@code
 *     outbox.notify = off}
 * @param pageSize rows of one read at most, 1 to 100,000
 * @param memoryBytes messages in memory, all destinations together, at most about this many bytes;
 *     1 MB or more
 * @param maxMessageBytes row values larger than this are not sent but set aside as failed
 * @param stopTimeout how long a stop waits for answers to what is in flight
 * @param adoptCopies a database that is a copy of another one is taken for the one to send from
 */
public record RelayConfig(
    DatabaseSettings database,
    String name,
    Duration sweep,
    Duration poll,
    int pageSize,
    long memoryBytes,
    long maxMessageBytes,
    Duration stopTimeout,
    boolean adoptCopies) {

  public static final Duration DEFAULT_SWEEP = Duration.ofMinutes(1);
  public static final Duration DEFAULT_POLL = Duration.ZERO;
  public static final int DEFAULT_PAGE_SIZE = 1000;
  public static final Duration DEFAULT_STOP_TIMEOUT = Duration.ofSeconds(8);
  private static final long MIN_MEMORY_BYTES = 1 << 20;
  private static final long MAX_MESSAGE_BYTES = 64L << 20;

  public RelayConfig {
    require(!name.isBlank(), "relay name is blank; give it a name, or leave it out");
    require(sweep.toMillis() >= 1000, "sweep is " + Durations.text(sweep) + ", need 1s or more");
    require(!poll.isNegative(), "poll is " + Durations.text(poll) + ", need 10ms or more, or off");
    require(
        poll.isZero() || poll.toMillis() >= 10,
        "poll is " + Durations.text(poll) + ", need 10ms or more, or off");
    require(
        pageSize >= 1 && pageSize <= 100_000, "page size is " + pageSize + ", need 1 to 100000");
    require(
        memoryBytes >= MIN_MEMORY_BYTES,
        "memory budget is " + memoryBytes + " bytes, need " + MIN_MEMORY_BYTES + " (1 MB) or more");
    require(maxMessageBytes >= 1, "max message bytes is " + maxMessageBytes + ", need 1 or more");
    require(
        !stopTimeout.isNegative(),
        "stop timeout is " + Durations.text(stopTimeout) + ", need 0s or more");
  }

  /** A relay that sends nothing from a copy. */
  public RelayConfig(
      DatabaseSettings database,
      String name,
      Duration sweep,
      Duration poll,
      int pageSize,
      long memoryBytes,
      long maxMessageBytes,
      Duration stopTimeout) {
    this(database, name, sweep, poll, pageSize, memoryBytes, maxMessageBytes, stopTimeout, false);
  }

  /** A quarter of the heap. */
  public static long defaultMemoryBytes() {
    return Math.max(MIN_MEMORY_BYTES, Runtime.getRuntime().maxMemory() / 4);
  }

  /** An eighth of the heap, at most 64 MB. */
  public static long defaultMaxMessageBytes() {
    return Math.min(MAX_MESSAGE_BYTES, Runtime.getRuntime().maxMemory() / 8);
  }

  /** Defaults for everything but the database and the name. */
  public static RelayConfig defaults(DatabaseSettings database, String name) {
    return new RelayConfig(
        database,
        name,
        DEFAULT_SWEEP,
        DEFAULT_POLL,
        DEFAULT_PAGE_SIZE,
        defaultMemoryBytes(),
        defaultMaxMessageBytes(),
        DEFAULT_STOP_TIMEOUT);
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}
