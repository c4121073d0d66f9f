package dev.outboxrelay.bench;

import java.sql.SQLException;

/**
 * Owed messages made straight in the outbox, for backlogs too large to go by a table and its
 * triggers.
 */
final class Backlog {
  private static final int ROWS_A_TRANSACTION = 10_000;

  private final BenchDatabase database;

  Backlog(BenchDatabase database) {
    this.database = database;
  }

  /** Makes a destination, paused. */
  void destination(String name, String uri) throws SQLException {
    database.execute(
        "insert into outbox.destination (name, uri, paused) values ('"
            + name
            + "', '"
            + uri
            + "', true)");
  }

  /**
   * Empties the outbox and fills it.
   *
   * @param destination an SQL expression of g, the message's number from 1
   */
  void owe(String destination, int messages) throws SQLException {
    database.execute(
        "truncate outbox.message",
        "do $$ begin for i in 0.."
            + (messages - 1) / ROWS_A_TRANSACTION
            + " loop insert into outbox.message"
            + " (destination, op, source_schema, source_table, key, new_row) select "
            + destination
            + ", 'insert', 'public', 'orders', (abs(hashint8(g)::bigint) % 1000)::text,"
            + " ('{\"id\":' || g || ',\"note\":\"' || repeat('abcdefghij klmno pqrst uvwxyz ', 9)"
            + " || '\"}')::json from generate_series(i * "
            + ROWS_A_TRANSACTION
            + " + 1, least((i + 1) * "
            + ROWS_A_TRANSACTION
            + ", "
            + messages
            + ")) g; commit; end loop; end $$",
        "vacuum (analyze) outbox.message",
        "checkpoint");
  }
}
