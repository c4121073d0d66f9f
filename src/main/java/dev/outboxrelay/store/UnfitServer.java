// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.SQLException;

/** The session works, but not where this program can: the server is another, or takes no writes. */
final class UnfitServer extends SQLException {
  private static final long serialVersionUID = 1L;

  private UnfitServer(String message, String state) {
    super(message, state);
  }

  static UnfitServer standby() {
    return new UnfitServer(
        "the server is a standby, which takes no writes, until it is promoted", Trouble.READ_ONLY);
  }

  static UnfitServer readOnly() {
    return new UnfitServer(
        "the server takes no writes from this login (default_transaction_read_only is on)",
        Trouble.READ_ONLY);
  }

  static UnfitServer another() {
    return new UnfitServer(
        "the sessions do not reach one and the same server (several hosts, a proxy or a name with"
            + " several addresses stand behind the database URL)",
        Trouble.CONNECTION_FAILURE);
  }
}
