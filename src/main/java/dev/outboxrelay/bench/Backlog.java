// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.SQLException;
import java.util.concurrent.TimeoutException;

/**
 * Owed messages made straight in the outbox and spread over destinations {@code d1}, {@code d2}, …:
 * for backlogs too large to go by a table and its triggers.
 */
final class Backlog implements Source {
  private static final int ROWS_A_TRANSACTION = 10_000;

  private final BenchDatabase database;
  private final int destinations;

  private Backlog(BenchDatabase database, int destinations) {
    this.database = database;
    this.destinations = destinations;
  }

  /** Makes the destinations, paused. */
  static Backlog create(BenchDatabase database, String uri, int destinations) throws SQLException {
    database.execute(
        "insert into outbox.destination (name, uri, paused) select 'd' || g, '"
            + uri
            + "', true from generate_series(1, "
            + destinations
            + ") g");
    return new Backlog(database, destinations);
  }

  /** The SQL expression of the destination of message {@code number}. */
  String destination(String number) {
    return "'d' || (1 + (" + number + ") % " + destinations + ")";
  }

  @Override
  public void owe(int messages) throws SQLException {
    database.execute(
        "truncate outbox.pending, outbox.parked",
        "do $$ begin for i in 0.."
            + (messages - 1) / ROWS_A_TRANSACTION
            + " loop insert into outbox.pending (destination, source, op, key, new_row) select "
            + "(select d.number from outbox.destination d where d.name = "
            + destination("g")
            + "), (select outbox_internal.source_number('public', 'orders')), 'i', (abs(hashint8(g)::bigint) % 1000)::text,"
            + " ('{\"id\":' || g || ',\"note\":\"' || repeat('abcdefghij klmno pqrst uvwxyz ', 9)"
            + " || '\"}')::json from generate_series(i * "
            + ROWS_A_TRANSACTION
            + " + 1, least((i + 1) * "
            + ROWS_A_TRANSACTION
            + ", "
            + messages
            + ")) g; commit; end loop; end $$",
        "vacuum (analyze) outbox.pending",
        "checkpoint");
  }

  @Override
  public void resume() throws SQLException {
    database.execute("update outbox.destination set paused = false");
  }

  @Override
  public void pause() throws SQLException, TimeoutException, InterruptedException {
    Pause.run(database, "d%");
  }

  @Override
  public long owed() throws SQLException {
    return database.number("select count(*) from outbox.pending");
  }
}
