// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import java.util.TreeSet;

/**
 * Which reads are under way. A read that began before a completion committed can still show the
 * completed row, so a completed id is remembered until every such read has ended.
 */
public final class ReadTickets {
  private final TreeSet<Long> underWay = new TreeSet<>();
  private long next = 1;

  /** A read begins; the answer is for {@link #end}. */
  public long begin() {
    long ticket = next++;
    underWay.add(ticket);
    return ticket;
  }

  public void end(long ticket) {
    underWay.remove(ticket);
  }

  /** Reads that begin from now on have this ticket or a later one. */
  public long now() {
    return next;
  }

  /** Whether a read that began before {@code moment} is still under way. */
  boolean anyBefore(long moment) {
    return !underWay.isEmpty() && underWay.first() < moment;
  }
}
