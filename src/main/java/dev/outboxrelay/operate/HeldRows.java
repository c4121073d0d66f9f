// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rows of a query, of any number, without much memory here and without a transaction there: the
 * server keeps what the query found (a cursor WITH HOLD), and hands it out in pieces. One a session
 * at a time.
 */
final class HeldRows implements AutoCloseable {
  private static final String DECLARE = "declare outbox_relay_rows scroll cursor with hold for ";
  private static final String COUNT = "move forward all in outbox_relay_rows";
  private static final String BEGIN = "move absolute 0 in outbox_relay_rows";
  private static final String FETCH = "fetch forward 1000 from outbox_relay_rows";
  private static final String CLOSE = "close outbox_relay_rows";

  private final Session session;

  private HeldRows(Session session) {
    this.session = session;
  }

  /** Runs a query; its transaction has ended when this returns. */
  static HeldRows of(Session session, String sql, @Nullable Object... parameters)
      throws SQLException {
    session.together(() -> session.execute(DECLARE + sql, parameters));
    return new HeldRows(session);
  }

  /** How many there are. */
  long count() throws SQLException {
    long count = session.execute(COUNT);
    session.execute(BEGIN);
    return count;
  }

  /** The next thousand; empty after the last. */
  List<Row> next() throws SQLException {
    return session.query(FETCH);
  }

  @Override
  public void close() throws SQLException {
    session.execute(CLOSE);
  }
}
