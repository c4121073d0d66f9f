// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.SQLException;

/**
 * The caller's epoch of a destination is over: somebody has taken the destination over since, and
 * nothing was changed.
 */
public final class Replaced extends SQLException {
  private static final long serialVersionUID = 1L;

  public Replaced(String destination, long epoch) {
    super("destination " + destination + " was taken over; its epoch " + epoch + " is over");
  }
}
