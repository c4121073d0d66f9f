// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.SQLException;

/** Where a login's password comes from. Asked again at each login, since it may have changed. */
@FunctionalInterface
public interface Password {

  /**
   * The password as it is now; empty when there is none.
   *
   * @throws SQLException when it cannot be read; counts as a refused login
   */
  String read() throws SQLException;

  /** A password that stays the same. */
  static Password of(String text) {
    return () -> text;
  }
}
