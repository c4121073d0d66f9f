// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.operate.Probe.Outcome;
import dev.outboxrelay.operate.Probe.Result;
import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import dev.outboxrelay.receiver.Refusal;
import dev.outboxrelay.store.Login;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What one probe tells of each kind of receiver. */
final class ProbeTest {
  private static final ReceiverOptions ANSWERS =
      new ReceiverOptions(
          "127.0.0.1", 0, Framing.NDJSON, Ack.LINE, null, java.time.Duration.ZERO, false, 0);

  private static TestDatabase db;
  private static Session session;

  private final List<String> got = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void open() throws SQLException {
    db = TestDatabase.create();
    session = Session.open(Login.of(db.url(), db.user(), db.password()), "test");
  }

  @AfterAll
  static void close() throws SQLException {
    session.close();
    db.close();
  }

  private Outcome probe(ReceiverOptions options, String settings, boolean connectOnly)
      throws Exception {
    try (Receiver receiver =
        Receiver.start(options, line -> got.add(new String(line, StandardCharsets.UTF_8)))) {
      return probe(receiver.port(), settings, connectOnly);
    }
  }

  private Outcome probe(int port, String settings, boolean connectOnly) throws Exception {
    Destinations destinations = new Destinations(session);
    destinations.remove("crm");
    db.execute(
        "insert into outbox.destination (name, uri) values ('crm', 'tcp://127.0.0.1:" + port + "')",
        "insert into outbox.destination_state (destination, epoch) values ('crm', 41)",
        "update outbox.destination set paused = false" + settings);
    return new Probe(session).send(destinations.find("crm").orElseThrow(), connectOnly);
  }

  @Test
  void receiver_thatAnswers_gotOneMessageOfTheEpoch() throws Exception {
    Outcome outcome = probe(ANSWERS, "", false);
    assertEquals(Result.ACKNOWLEDGED, outcome.result(), outcome.toString());
    assertTrue(outcome.isGood());
    assertNotNull(outcome.answered());
    assertEquals(1, got.size());
    String id = String.valueOf(outcome.id());
    assertTrue(id.startsWith("0-"), id);
    assertTrue(got.get(0).startsWith("{\"id\":\"" + id + "\",\"epoch\":41,"), got.get(0));
    assertTrue(got.get(0).contains("{\"probe\":\"outbox-relay\"}"), got.get(0));
    assertEquals(0, db.count("select count(*) from outbox.message"));
  }

  @Test
  void receiver_thatRefuses_isHeard() throws Exception {
    Refusal refusal = new Refusal(1, null, "closed for today", true, null);
    Outcome outcome = probe(ANSWERS.withRefusal(refusal), "", false);
    assertEquals(Result.REFUSED, outcome.result());
    assertEquals("closed for today", outcome.words());
  }

  @Test
  void receiver_thatIsSilent_isToldAfterItsTimeout() throws Exception {
    Outcome outcome = probe(ANSWERS.withSilent(true), ", ack_timeout = '100ms'", false);
    assertEquals(Result.NO_ANSWER, outcome.result());
  }

  @Test
  void receiver_thatCloses_acknowledgesByThat() throws Exception {
    Outcome outcome = probe(ANSWERS.withAck(Ack.CLOSE), ", ack = 'close'", false);
    assertEquals(Result.ACKNOWLEDGED, outcome.result(), outcome.toString());
  }

  @Test
  void receiver_thatNeverAnswers_isSentTo() throws Exception {
    Outcome outcome = probe(ANSWERS.withAck(Ack.NONE), ", ack = 'none'", false);
    assertEquals(Result.SENT, outcome.result(), outcome.toString());
  }

  @Test
  void receiver_whoIsOnlyConnectedTo_getsNothing() throws Exception {
    Outcome outcome = probe(ANSWERS, "", true);
    assertEquals(Result.CONNECTED, outcome.result());
    assertTrue(outcome.isGood());
    assertEquals(List.of(), got);
  }

  @Test
  void receiver_notThere_isUnreachableWithTheReason() throws Exception {
    int port;
    try (Receiver receiver = Receiver.start(ANSWERS, line -> {})) {
      port = receiver.port();
    }
    Outcome outcome = probe(port, "", false);
    assertEquals(Result.UNREACHABLE, outcome.result());
    assertTrue(outcome.words().contains("refused"), outcome.words());
  }
}
