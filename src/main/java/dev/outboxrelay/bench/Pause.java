// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;

/** A pause that the relay has heard of: it takes a destination anew when its settings change. */
final class Pause {
  private static final Duration NOTHING_NEW = Duration.ofSeconds(120);

  private Pause() {}

  /**
   * Pauses destinations, and waits until a relay that delivered to them has stopped.
   *
   * @param names what their names are like, as in SQL
   */
  static void run(BenchDatabase database, String names)
      throws SQLException, TimeoutException, InterruptedException {
    String before = database.text("select clock_timestamp()");
    database.execute("update outbox.destination set paused = true where name like '" + names + "'");
    String delivering =
        "select count(*) from outbox.destination_state where owned_since <= '"
            + before
            + "' and destination like '"
            + names
            + "'";
    Patience waiting = new Patience(NOTHING_NEW);
    for (long left = database.number(delivering); left > 0; left = database.number(delivering)) {
      waiting.await(left, left + " destinations are not paused");
    }
  }
}
