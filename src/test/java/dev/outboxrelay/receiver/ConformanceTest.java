package dev.outboxrelay.receiver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.ScriptedPeer;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConformanceTest {

  private static final int ITEMS = 10;

  @Test
  void ourOwnReceiver_passesEveryItem() throws Exception {
    try (Receiver receiver = Receiver.start(ReceiverOptions.DEFAULTS, line -> {})) {
      assertAllPassed(check(receiver.port(), Framing.NDJSON, Ack.LINE));
    }
  }

  @Test
  void ourOwnReceiver_withLengthAndClose_passesEveryItem() throws Exception {
    ReceiverOptions options =
        ReceiverOptions.DEFAULTS.withFraming(Framing.LENGTH).withAck(Ack.CLOSE);
    try (Receiver receiver = Receiver.start(options, line -> {})) {
      assertAllPassed(check(receiver.port(), Framing.LENGTH, Ack.CLOSE));
    }
  }

  @Test
  void receiverThatRefuses_conforms() throws Exception {
    ReceiverOptions options = ReceiverOptions.DEFAULTS.withRefusal(Refusal.all("not today"));
    try (Receiver receiver = Receiver.start(options, line -> {})) {
      List<CheckResult> results = check(receiver.port(), Framing.NDJSON, Ack.LINE);
      assertAllPassed(results);
      assertEquals("0 acknowledged, 6 refused", results.get(1).detail());
    }
  }

  @Test
  void nobodyThere_isOneFailure() throws Exception {
    Receiver gone = Receiver.start(ReceiverOptions.DEFAULTS, line -> {});
    gone.close();
    List<CheckResult> results = check(gone.port(), Framing.NDJSON, Ack.LINE);
    assertEquals(List.of("connects"), failed(results));
    assertTrue(results.get(0).detail().contains("Connection refused"), results::toString);
  }

  @Test
  void receiverThatSaysOk_failsWithItsWords() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              while (it.line() != null) {
                it.say("ok\n");
              }
            })) {
      List<CheckResult> results = check(peer.port(), Framing.NDJSON, Ack.LINE);
      assertEquals(ITEMS - 1, failed(results).size(), results::toString);
      assertTrue(results.get(1).detail().contains("is not JSON"), results::toString);
    }
  }

  @Test
  void receiverThatReadsOneLineAPacket_failsWherePacketsHoldMore() throws Exception {
    try (ScriptedPeer peer =
        new ScriptedPeer(
            it -> {
              byte[] packet = new byte[64 * 1024];
              int bytes = it.socket().getInputStream().read(packet);
              while (bytes > 0) {
                String text = new String(packet, 0, bytes);
                int id = text.indexOf("{\"id\":\"");
                if (id >= 0) {
                  it.say(
                      "{\"ack\":\"" + text.substring(id + 7, text.indexOf('"', id + 7)) + "\"}\n");
                }
                bytes = it.socket().getInputStream().read(packet);
              }
            })) {
      List<String> failed = failed(check(peer.port(), Framing.NDJSON, Ack.LINE));
      assertTrue(failed.contains("pipelining"), failed::toString);
    }
  }

  private static List<CheckResult> check(int port, Framing framing, Ack ack) {
    List<CheckResult> heard = new ArrayList<>();
    List<CheckResult> results =
        Conformance.check(
            Destinations.at("tcp://127.0.0.1:" + port, framing, ack, "{}"),
            Duration.ofSeconds(2),
            heard::add);
    assertEquals(heard, results);
    return results;
  }

  private static void assertAllPassed(List<CheckResult> results) {
    assertEquals(List.of(), failed(results), results::toString);
    assertEquals(ITEMS, results.size());
  }

  private static List<String> failed(List<CheckResult> results) {
    return results.stream().filter(result -> !result.passed()).map(CheckResult::item).toList();
  }
}
