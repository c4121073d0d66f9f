// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.SQLException;

/** Nothing can be read or settled any more: the pool is empty, and cannot be filled. */
public final class NoConnection extends SQLException {
  private static final long serialVersionUID = 1L;

  NoConnection(SQLException cause) {
    super(Trouble.words(cause), cause.getSQLState(), cause);
  }
}
