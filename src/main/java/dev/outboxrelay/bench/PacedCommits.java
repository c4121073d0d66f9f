// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/** One client that commits a row at a time, at a steady rate. */
final class PacedCommits {
  private static final Duration NOTHING_NEW = Duration.ofSeconds(120);

  private PacedCommits() {}

  /**
   * Commits rows 1 to {@code messages}, and waits until all have come, each once.
   *
   * @param current gets what the arrivals are counted by
   * @param rate commits a second
   */
  static Percentiles write(
      BenchDatabase database,
      Orders orders,
      AtomicReference<Latencies> current,
      int rate,
      int messages)
      throws Exception {
    Latencies latencies = new Latencies(messages);
    current.set(latencies);
    try (Connection c = database.connect();
        PreparedStatement s = c.prepareStatement(orders.insertOne())) {
      long start = System.nanoTime();
      for (int number = 1; number <= messages; number++) {
        long due = start + number * 1_000_000_000L / rate;
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
          LockSupport.parkNanos(left);
        }
        s.setLong(1, number);
        s.executeUpdate();
        latencies.committed(number);
      }
    }
    latencies.await(NOTHING_NEW);
    latencies.requireOnce();
    return latencies.percentiles();
  }
}
