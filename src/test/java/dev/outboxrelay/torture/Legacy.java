// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import java.util.List;

/**
 * The application that is captured: its tables and what each destination is owed.
 *
 * <p>Every row carries a mark, drawn from one sequence whenever the row is written, so that a
 * change is known by the mark that it gave to its row, and a deletion by the mark that it took
 * away.
 */
final class Legacy {
  /** The table name under which published messages are journalled. */
  static final String PUBLISHED = "published";

  /** So few that transactions meet at them. */
  static final int KEYS = 400;

  /**
   * A destination.
   *
   * @param name its name
   * @param sources the tables that it is owed
   * @param maxInFlight its {@code max_in_flight}
   * @param holds a key waits behind its failed message; elsewhere nothing is refused for good,
   *     since what follows would pass it
   */
  record Target(String name, List<String> sources, int maxInFlight, boolean holds) {}

  static final List<Target> TARGETS =
      List.of(
          new Target("orders", List.of("orders"), 1000, false),
          new Target("accounts", List.of("accounts"), 8, false),
          new Target("ledger", List.of("ledger"), 50, false),
          new Target("audit", List.of("ledger"), 100, true),
          new Target("everything", List.of("orders", "accounts"), 200, false),
          new Target("notices", List.of(PUBLISHED), 1000, false));

  static final List<String> TABLES = List.of("orders", "accounts", "ledger");

  static final String[] SCHEMA = {
    "create schema legacy",
    "create sequence legacy.mark",
    "create table legacy.begun as select now() - interval '1 hour' as at",
    // Grows with each start of the server: a crash may take back what was drawn from the sequence.
    """
    create function legacy.next_mark() returns bigint language sql volatile as $$
      select (extract(epoch from pg_postmaster_start_time() - b.at) * 1000)::bigint * 1000
        + nextval('legacy.mark') from legacy.begun b
    $$
    """,
    "create table legacy.transactions (tx bigint primary key)",
    """
    create table legacy.discarded (
      xid xid8 not null default pg_current_xact_id(), destination text, id bigint, source text,
      key text, before bigint, after bigint)
    """,
    "create table legacy.yardstick (id bigint)",
    """
    create table legacy.orders (
      id bigint primary key, mark bigint not null default legacy.next_mark(),
      amount numeric not null default 1.10, note text)
    """,
    """
    create table legacy.accounts (
      id bigint, region text, mark bigint not null default legacy.next_mark(),
      amount numeric not null default 1.10, note text, primary key (region, id))
    """,
    """
    create table legacy.ledger (
      id bigint primary key, mark bigint not null default legacy.next_mark(),
      amount numeric not null default 1.10, note text) partition by hash (id)
    """,
    "create table legacy.ledger_0 partition of legacy.ledger for values with (modulus 2, remainder 0)",
    "create table legacy.ledger_1 partition of legacy.ledger for values with (modulus 2, remainder 1)",
  };

  private Legacy() {}

  /** Columns and values of a new row; the id comes as the only parameter. */
  static String insert(String table) {
    return table.equals("accounts")
        ? "insert into legacy.accounts (id, region, note) select i, 'r' || i % 3, 'new' "
        : "insert into legacy." + table + " (id, note) select i, 'new' ";
  }

  static String capture(String table, String destination) {
    return "select outbox.capture('legacy." + table + "', '" + destination + "')";
  }

  static String primaryKey(String table) {
    return table.equals("accounts") ? "(region, id)" : "(id)";
  }

  /** A change of a row, as a number: the mark that it gave. */
  static long written(long mark) {
    return mark * 2;
  }

  /** A deletion, as a number: the mark that it took away. */
  static long deleted(long mark) {
    return mark * 2 + 1;
  }

  static String describe(long change) {
    return (change % 2 == 0 ? "mark " : "deletion of mark ") + change / 2;
  }
}
