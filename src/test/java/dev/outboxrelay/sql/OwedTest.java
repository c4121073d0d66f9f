// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the relay tells whoever watches of what is owed; never by counting a large table. */
final class OwedTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private static void pending(int count) throws SQLException {
    outbox.execute(
        "insert into outbox.pending (destination, op, key, new_row)"
            + " select d.number, 'm', 'k' || i, '{}' from generate_series(1, "
            + count
            + ") i, outbox.destination_number d where d.name = 'crm'",
        "vacuum analyze outbox.pending");
  }

  private static String owed(String columns) throws SQLException {
    return outbox
        .query(
            "select concat_ws(' ', "
                + columns
                + ") from outbox_internal.owed() where destination = 'crm'")
        .get(0);
  }

  @Test
  void fewMessages_areCountedByWhatTheyWaitFor() throws SQLException {
    assertEquals("f 0 0 0 0 f", owed("paused, messages, bytes, held, failed, estimated"));
    outbox.execute(
        "select outbox.pause('crm')",
        "insert into outbox.message (destination, op, key, state, due_at, new_row) values"
            + " ('crm', 'message', 'a', 'pending', null, '{}'),"
            + " ('crm', 'message', 'b', 'retry', now(), '{}'),"
            + " ('crm', 'message', 'b', 'held', null, '{}'),"
            + " ('crm', 'message', 'c', 'failed', null, '{}'),"
            + " ('crm', 'message', 'd', 'delivered', null, '{}'),"
            + " ('crm', 'message', 'e', 'pending', now() + interval '1 day', '{}')");
    assertEquals("t 4 1 1 f", owed("paused, messages, held, failed, estimated"));
    assertEquals("t t", owed("bytes between 200 and 1000, oldest <= clock_timestamp()"));
  }

  @Test
  void messageForLater_isNotLate() throws SQLException {
    outbox.execute("select outbox.publish('crm', '{}', deliver_at => now() + interval '1 day')");
    assertEquals("1 none", owed("messages, coalesce(oldest::text, 'none')"));
  }

  private static long blocks() throws SQLException {
    String plan =
        String.join(
            "\n",
            outbox.query(
                "explain (analyze, buffers, timing off, summary off)"
                    + " select * from outbox_internal.owed()"));
    Matcher read = Pattern.compile("Buffers: shared hit=(\\d+)(?: read=(\\d+))?").matcher(plan);
    assertTrue(read.find(), plan);
    return Long.parseLong(read.group(1))
        + (read.group(2) == null ? 0 : Long.parseLong(read.group(2)));
  }

  /** A count of 160,000 messages would read four times as many blocks as one of 40,000. */
  @Test
  void manyMessages_areEstimatedForABoundedNumberOfReads() throws SQLException {
    pending(20_000);
    blocks();
    assertEquals(List.of("20000 t"), List.of(owed("messages, estimated")));
    pending(140_000);
    blocks();
    long large = blocks();
    assertTrue(large < 3000, large + " blocks");
    assertEquals("t", owed("messages between 130000 and 190000"), owed("messages"));
  }
}
