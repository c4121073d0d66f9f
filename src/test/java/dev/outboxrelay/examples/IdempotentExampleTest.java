// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.receiver.CheckResult;
import dev.outboxrelay.receiver.Conformance;
import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.tcp.TcpTransport;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.Program;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.Message;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class IdempotentExampleTest {

  private static final int COUNT = 200;

  @Test
  void messagesThatComeAgain_afterCrashes_countOnce() throws Exception {
    int port = Ports.free();
    try (TestDatabase db = TestDatabase.createEmpty();
        TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY)) {
      // Twice the receiver is ended in the middle; each time everything is sent from the start.
      for (int life = 1; life <= 3; life++) {
        try (Program receiver = start(port, db)) {
          RecordedSink heard = new RecordedSink();
          transport.connect(Destinations.at(port), heard).send(payments());
          heard.awaitAnswers(life < 3 ? COUNT / 3 * life : COUNT);
        }
      }
      assertEquals(COUNT, db.count("select count(*) from received"));
      assertEquals(
          List.of("a 9900", "b 10000"),
          db.query("select account || ' ' || amount from total order by account"));
    }
  }

  /** The messages of a check name no account: they are refused, and the receiver goes on. */
  @Test
  @Tag("full")
  void receiver_checked_passesEveryItem() throws Exception {
    int port = Ports.free();
    try (TestDatabase db = TestDatabase.createEmpty();
        Program receiver = start(port, db)) {
      List<CheckResult> results =
          Conformance.check(Destinations.at(port), Duration.ofSeconds(60), each -> {});
      assertTrue(results.stream().allMatch(CheckResult::passed), results::toString);
    }
  }

  private static List<Message> payments() {
    List<Message> messages = new ArrayList<>();
    for (int id = 0; id < COUNT; id++) {
      String account = id % 2 == 0 ? "a" : "b";
      messages.add(
          Messages.of(
              id,
              "{\"id\":\""
                  + id
                  + "-0\",\"new\":{\"account\":\""
                  + account
                  + "\",\"amount\":"
                  + id
                  + "}}"));
    }
    return messages;
  }

  private static Program start(int port, TestDatabase db) throws Exception {
    String separator = db.url().contains("?") ? "&" : "?";
    String url = db.url() + separator + "user=" + encoded(db.user());
    Program receiver =
        Program.start(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Path.of("examples", "receivers", "java", "Idempotent.java").toString(),
                Integer.toString(port),
                url + "&password=" + encoded(db.password())),
            Map.of());
    receiver.awaitPort(port);
    return receiver;
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
