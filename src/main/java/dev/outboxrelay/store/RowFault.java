// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.SQLException;
import java.util.Locale;

/**
 * Errors that are a single row's: the server does not hand it out, now or ever, and all others are
 * read without it.
 */
final class RowFault {
  /** Data exception: what is stored is not what its type or the client's encoding allows. */
  private static final String DATA_CLASS = "22";

  /** Program limit exceeded: it is too large, for the protocol as a rule. */
  private static final String LIMIT_CLASS = "54";

  private static final String DATA_CORRUPTED = "XX001";
  private static final String INDEX_CORRUPTED = "XX002";

  /** What a damaged row may meet as well: a length or a pointer that makes no sense. */
  private static final String INTERNAL_ERROR = "XX000";

  private RowFault() {}

  /** Never what passes, such as memory or disk space that is short: class 53. */
  static boolean is(SQLException e) {
    String state = e.getSQLState();
    return state != null
        && (state.startsWith(DATA_CLASS)
            || state.startsWith(LIMIT_CLASS)
            || state.equals(DATA_CORRUPTED)
            || state.equals(INDEX_CORRUPTED));
  }

  /** What is stored may not be readable at all, not even to be stored elsewhere. */
  static boolean isDamaged(SQLException e) {
    String state = e.getSQLState();
    return DATA_CORRUPTED.equals(state)
        || INDEX_CORRUPTED.equals(state)
        || INTERNAL_ERROR.equals(state);
  }

  /** Whether it may be a row's: it is, if the same statement works without that row. */
  static boolean mayBe(SQLException e) {
    return is(e) || INTERNAL_ERROR.equals(e.getSQLState());
  }

  /** The server's words, for the person who looks at the message. */
  static String words(SQLException e) {
    String message = String.valueOf(e.getMessage());
    String first = message.lines().findFirst().orElse(message);
    return String.format(
        Locale.ROOT, "the row cannot be read: %s (SQLSTATE %s)", first, e.getSQLState());
  }
}
