// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import java.sql.SQLException;

/** The way between a relay's statements and the server; where both may go wrong. */
interface Wire {
  /** Nothing goes wrong, and nothing takes time. */
  Wire SHORT =
      new Wire() {
        @Override
        public void before(String what) {}

        @Override
        public void after(String what) {}

        @Override
        public void awaitLock() {}
      };

  /**
   * A statement is on its way.
   *
   * @throws SQLException when it does not come to the server
   */
  void before(String what) throws SQLException;

  /**
   * It has taken effect.
   *
   * @throws SQLException when its answer does not come back
   */
  void after(String what) throws SQLException;

  /** It waits for a lock, as long as it may. */
  void awaitLock() throws SQLException;
}
