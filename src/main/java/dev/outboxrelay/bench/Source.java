// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Where owed messages come from, and what lets them go. */
interface Source {
  /** Between two looks at the table, which cost the server more the more it holds. */
  int PAUSE_MILLIS = 10;

  /** Empties the outbox and makes so many owed messages, while the destinations are paused. */
  void owe(int messages) throws SQLException;

  /** Lets the relay deliver. */
  void resume() throws SQLException;

  /** Stops the relay, and waits until it has stopped. */
  void pause() throws SQLException, TimeoutException, InterruptedException;

  /** How many messages are in the table, in whatever state. */
  long owed() throws SQLException;

  /** Waits until nothing is owed, at most for {@code atMost} without a change. */
  default void awaitCompletion(Duration atMost)
      throws SQLException, TimeoutException, InterruptedException {
    Patience waiting = new Patience(atMost);
    for (long left = owed(); left > 0; left = owed()) {
      waiting.await(left, left + " messages are not completed");
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
  }
}
