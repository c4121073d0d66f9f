// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.SQLException;
import java.util.List;

/** The session that listens. Never in a transaction, always read. Used by one thread at a time. */
public interface ListenSession extends AutoCloseable {

  /**
   * Waits for notifications.
   *
   * @param timeoutMillis 2 or more: 1 is the driver's way to look without waiting
   * @return what came, in order, empty after the timeout
   * @throws Flooded when it would be more than is kept
   */
  List<Heard> await(int timeoutMillis) throws SQLException;

  /** What it hears as {@link Kind#SELF_TEST}, whoever notifies it. */
  String selfTestChannel();

  /**
   * Cuts the session off without a word to the server; safe from any thread, also while a call is
   * stuck.
   */
  void abort();

  @Override
  void close() throws SQLException;

  /** What a notification is about. */
  enum Kind {
    /** A writer rang; the text is a destination. */
    BELL,
    /** An operator changed something; the text is a destination, or empty for all. */
    CONTROL,
    /** The relay's own. */
    SELF_TEST
  }

  /** A notification. */
  record Heard(Kind kind, String text) {

    /** The number that its text is, 0 when it is none. */
    public long number() {
      try {
        return Long.parseLong(text);
      } catch (NumberFormatException e) {
        return 0;
      }
    }
  }

  /**
   * More was notified at once than is kept. The session is of no use any more; a new one hears what
   * is notified from then on.
   */
  final class Flooded extends SQLException {
    private static final long serialVersionUID = 1L;

    public Flooded(SQLException cause) {
      super(cause.getMessage(), cause.getSQLState(), cause);
    }
  }
}
