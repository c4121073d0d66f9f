// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Message;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Connections that swallow everything without an error, as a defect on the way out would. */
final class SilentSinkTest {
  private static final String STALLED =
      "select count(stalled_since) from outbox.status where destination = 'out'";

  private TestDatabase db;
  private Relay relay;

  @BeforeEach
  void setUp() throws Exception {
    db = TestDatabase.create();
    db.execute(
        "insert into outbox.destination (name, uri, ack_timeout) values ('out', 'tcp://h:1', '1 day')");
  }

  @AfterEach
  void tearDown() throws Exception {
    relay.stop();
    db.close();
  }

  /**
   * Swallows everything.
   *
   * @param connects says that it is connected; nothing else is ever said
   */
  private record Silent(boolean connects) implements Transport {
    @Override
    public Sink connect(Destination destination, SinkListener listener) {
      if (connects) {
        listener.connected();
      }
      return new Sink() {
        @Override
        public void send(List<Message> messages) {}

        @Override
        public void close(String reason) {}
      };
    }

    @Override
    public void close() {}
  }

  private void start(Transport transport) throws Exception {
    RelayConfig c = RunningRelay.config(db, "test");
    RelayConfig impatient =
        new RelayConfig(
            c.database(),
            c.name(),
            c.sweep(),
            c.poll(),
            c.pageSize(),
            c.memoryBytes(),
            c.maxMessageBytes(),
            Duration.ofMillis(100));
    relay = new Relay(impatient, transport, RelayEvents.NONE);
    relay.start();
    db.execute("select outbox.publish('out', '{}')");
    Await.until("owned", () -> db.count("select count(owner) from outbox.status") == 1);
  }

  /** As if all that had been a while ago. */
  private void letTimePass() throws Exception {
    db.execute(
        "update outbox.pending set created_at = created_at - interval '1 minute'",
        "update outbox.destination_state set owned_since = owned_since - interval '1 minute',"
            + " answer_due_at = answer_due_at - interval '1 day 1 minute'");
  }

  @Test
  void connection_thatNeverComesAbout_isShown() throws Exception {
    start(new Silent(false));
    assertEquals(0, db.count(STALLED), "not yet");
    letTimePass();
    assertEquals(1, db.count(STALLED));
    assertEquals(
        List.of("stalled out"),
        db.query(
            "select check_name || ' ' || object from outbox.doctor where check_name = 'stalled'"));
  }

  @Test
  void messages_thatAreSwallowed_areShownWhenTheirAnswerIsOverdue() throws Exception {
    start(new Silent(true));
    Await.until(
        "an answer is waited for",
        () -> db.count("select count(answer_due_at) from outbox.destination_state") == 1);
    db.execute(
        "update outbox.pending set created_at = created_at - interval '1 minute'",
        "update outbox.destination_state set owned_since = owned_since - interval '1 minute'");
    assertEquals(0, db.count(STALLED), "the receiver has a day");
    letTimePass();
    assertEquals(1, db.count(STALLED));
  }
}
