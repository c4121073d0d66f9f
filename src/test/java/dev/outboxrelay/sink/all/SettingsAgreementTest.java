// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.all;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The table and the transports agree on what a webhook's or a broker's destination may be: what is
 * saved would be connected, and what is refused no transport takes. Rows are drawn at random;
 * {@code -Dagreement.seed} and {@code -Dagreement.draws} repeat or lengthen a run.
 */
final class SettingsAgreementTest {

  private static final int DRAWS = Integer.getInteger("agreement.draws", 900);
  private static final long SEED = Long.getLong("agreement.seed", System.nanoTime());

  /** How a transport ends that found nothing wrong, and was about to connect. */
  private static final Set<String> ABOUT_TO_CONNECT =
      Set.of("may connect to", "the host name is not known");

  /** What is not the row's: such a file is not there. */
  private static final String ABOUT_A_FILE = ": cannot read ";

  /** One that signs, and one that logs in. */
  private static final String SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZg==";

  @Test
  void tableAndTransports_agree() throws Exception {
    System.out.println("rows are drawn with -Dagreement.seed=" + SEED);
    Random random = new Random(SEED);
    List<String> problems = new ArrayList<>();
    int saved = 0;
    try (TestDatabase db = TestDatabase.create();
        Connection connection = db.connect();
        Transport transport =
            Transports.open(1, (host, address) -> false, (name, host) -> SECRET)) {
      for (int number = 1; number <= DRAWS; number++) {
        DrawnDestination row = new DrawnDestination(random);
        String objection = objection(connection, row, number);
        String end = end(transport, row);
        boolean taken =
            ABOUT_TO_CONNECT.stream().anyMatch(end::endsWith) || end.contains(ABOUT_A_FILE);
        saved += objection == null ? 1 : 0;
        if (taken != (objection == null)) {
          problems.add(row + "\n  table: " + objection + "\n  transport: " + end);
        }
      }
    }
    assertEquals(
        "", String.join("\n", problems), problems.size() + " of " + DRAWS + ", seed " + SEED);
    assertTrue(saved > DRAWS / 10 && saved < DRAWS * 9 / 10, saved + " of " + DRAWS + " saved");
  }

  private static String objection(Connection connection, DrawnDestination row, int number)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into outbox.destination (name, uri, options, format, framing, ack)"
                + " values (?, ?, ?::text::jsonb, ?, ?, ?)")) {
      insert.setString(1, "d" + number);
      insert.setString(2, row.uri());
      insert.setString(3, row.options());
      insert.setString(4, row.format());
      insert.setString(5, row.framing());
      insert.setString(6, row.ack());
      insert.execute();
      return null;
    } catch (SQLException e) {
      String state = String.valueOf(e.getSQLState());
      assertTrue(state.startsWith("23") || state.startsWith("22"), () -> row + ": " + e);
      return e.getMessage();
    }
  }

  private static String end(Transport transport, DrawnDestination row) {
    RecordedSink heard = new RecordedSink();
    try {
      transport.connect(
          Destinations.of(row.uri(), row.format(), row.framing(), row.ack(), row.options()), heard);
    } catch (IllegalArgumentException e) {
      return String.valueOf(e.getMessage());
    }
    return heard.awaitClosed(Fault.UNREACHABLE);
  }
}
