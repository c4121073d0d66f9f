// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.console;

import dev.outboxrelay.operate.ServerWords;
import dev.outboxrelay.store.Trouble;
import java.sql.SQLException;
import java.time.Duration;

/** What the database refused, in words for a person, with what to do. */
final class Refusals {
  private static final String INSUFFICIENT_PRIVILEGE = "42501";
  private static final String UNDEFINED_OBJECT = "42704";
  private static final String QUERY_CANCELED = "57014";
  private static final String LOCK_NOT_AVAILABLE = "55P03";
  private static final String CONNECTION_CLASS = "08";
  private static final String DATA_CLASS = "22";
  private static final String CONSTRAINT_CLASS = "23";
  private static final String CARDINALITY = "21000";

  private Refusals() {}

  /** What the login may not. */
  static Problem withoutRight(String user, String what) {
    return new Problem(
        403,
        "the relay's login " + user + " may not: " + what,
        "grant outbox_operator to \"" + user.replace("\"", "\"\"") + "\"");
  }

  /**
   * As a problem.
   *
   * @param user whom the relay logs in as
   * @param limit how long the statement might take
   */
  static Problem of(SQLException e, String user, Duration limit) {
    ServerWords words = ServerWords.of(e);
    String state = words.state();
    if (state.isEmpty() || state.startsWith(CONNECTION_CLASS) || Trouble.isRefusedLogin(e)) {
      return new Problem(
          503,
          "the database cannot be used: " + words.message(),
          "wait until it is there again; the relay's log says more");
    }
    if (state.equals(INSUFFICIENT_PRIVILEGE)) {
      return withoutRight(user, words.message());
    }
    if (state.equals(QUERY_CANCELED)) {
      return new Problem(
          504,
          "it took longer than " + limit.toSeconds() + " s and was given up",
          "choose less: a destination, a table, a time");
    }
    if (state.equals(LOCK_NOT_AVAILABLE)) {
      return new Problem(409, "somebody holds a lock on it: " + words.message(), "try again");
    }
    boolean ofTheValue =
        state.equals(UNDEFINED_OBJECT)
            || state.equals(CARDINALITY)
            || state.startsWith(DATA_CLASS)
            || state.startsWith(CONSTRAINT_CLASS);
    if (ofTheValue) {
      return new Problem(
          400, words.message(), words.hint() == null ? "give another value" : words.hint());
    }
    return new Problem(
        503,
        "the database refuses: " + words.withHint() + " (SQLSTATE " + state + ")",
        Trouble.doubtsSchema(e)
            ? "outbox-relay doctor says whether the schema is this relay's"
            : "try again; outbox-relay doctor looks for what is wrong");
  }
}
