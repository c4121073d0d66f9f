// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.SQLException;

/** Lends connections; closing one gives it back. */
interface ConnectionSource {
  /**
   * Lends a connection.
   *
   * @throws SQLException when none is to be had
   */
  Connection getConnection() throws SQLException;
}
