// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

/**
 * What the marks of destinations promise, as a question to the table: there is no pending message
 * of which a mark says that there is none.
 */
public final class BelowMarks {
  private BelowMarks() {}

  /** How many there are; must be 0 at every moment, a crash included. */
  public static final String COUNT =
      "select count(*) from outbox.pending m"
          + " join outbox.destination_number n on n.number = m.destination"
          + " join outbox.destination_state s on s.destination = n.name"
          + " where m.id < s.mark_first_id"
          + " and pg_visible_in_snapshot(m.xid, s.mark_snapshot) and m.id <> all (s.mark_earlier)";

  /** How many destinations have a mark. */
  public static final String MARKED =
      "select count(*) from outbox.destination_state where mark_snapshot is not null";
}
