// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.Program;
import dev.outboxrelay.testing.ScriptedPeer;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ConformanceTest {

  private static final int ITEMS = CheckItem.values().length;
  private static final List<CheckItem> SOME =
      List.of(
          CheckItem.CONNECTS,
          CheckItem.EVERY_OPERATION,
          CheckItem.PIPELINING,
          CheckItem.SPLIT_MESSAGE,
          CheckItem.HALF_A_MESSAGE);

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
      List<CheckResult> results = some(receiver.port());
      assertEquals(List.of(), failed(results), results::toString);
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
      List<CheckResult> results = some(peer.port());
      assertEquals(SOME.size() - 1, failed(results).size(), results::toString);
      assertTrue(results.get(1).detail().contains("is not JSON"), results::toString);
    }
  }

  static Stream<CheckItem> items() {
    Set<CheckItem> apart = Set.of(CheckItem.CONNECTS, CheckItem.LATE_READING);
    return Stream.of(CheckItem.values()).filter(item -> !apart.contains(item));
  }

  @ParameterizedTest
  @MethodSource("items")
  void receiverWithOneFault_failsInTheItemForIt(CheckItem item) throws Exception {
    try (FragileReceiver receiver = new FragileReceiver(FragileReceivers.all().get(item))) {
      CheckResult result = only(item, receiver.port(), Duration.ofSeconds(1));
      assertFalse(result.passed(), result::toString);
      assertTrue(result.detail().endsWith(item.advice()), result::toString);
    }
  }

  @ParameterizedTest
  @MethodSource("items")
  void receiverWithoutAFault_passesTheItem(CheckItem item) throws Exception {
    try (FragileReceiver receiver = new FragileReceiver(FragileReceivers.sound())) {
      CheckResult result = only(item, receiver.port(), Duration.ofSeconds(20));
      assertTrue(result.passed(), result::toString);
    }
  }

  @Test
  void receiverThatAcknowledgesHalfAMessage_fails() throws Exception {
    try (FragileReceiver receiver = new FragileReceiver(FragileReceivers::acknowledgesTheRest)) {
      CheckResult result = only(CheckItem.HALF_A_MESSAGE, receiver.port(), Duration.ofSeconds(2));
      assertFalse(result.passed(), result::toString);
      assertTrue(result.detail().contains("acknowledged a message of which"), result::toString);
    }
  }

  /** Node's readline hands out half a line when the stream ends, and the program dies of it. */
  @Test
  void receiverOnNodesReadline_diesOfHalfAMessage_andIsFound(@TempDir Path directory)
      throws Exception {
    assumeTrue(Program.exists("node"), "node is not installed here");
    Path script =
        Files.writeString(
            directory.resolve("receive.js"),
            """
            const readline = require('readline');
            require('net').createServer((socket) => {
              socket.on('error', () => {});
              readline.createInterface({ input: socket }).on('line', (line) => {
                socket.write(JSON.stringify({ ack: JSON.parse(line).id }) + '\\n');
              });
            }).listen(Number(process.argv[2]));
            """);
    int port = Ports.free();
    List<CheckItem> items = List.of(CheckItem.EVERY_OPERATION, CheckItem.HALF_A_MESSAGE);
    try (Program receiver =
        Program.start(List.of("node", script.toString(), "" + port), Map.of())) {
      receiver.awaitPort(port);
      List<CheckResult> results =
          Conformance.check(Destinations.at(port), Duration.ofSeconds(5), items, each -> {});
      assertEquals(List.of("half-a-message"), failed(results), results::toString);
    }
  }

  /** More answers than the system's buffers hold on both sides. */
  @Test
  @Tag("full")
  void receiverThatDropsWhatCannotBeWritten_failsWhereAnswersAreReadLate() throws Exception {
    try (FragileReceiver receiver = new FragileReceiver(FragileReceivers::dropsWhatDoesNotFit);
        FragileReceiver sound = new FragileReceiver(FragileReceivers.sound())) {
      CheckResult found = lateReading(receiver, Duration.ofSeconds(2));
      assertFalse(found.passed(), found::toString);
      CheckResult none = lateReading(sound, Duration.ofSeconds(20));
      assertTrue(none.passed(), none::toString);
    }
  }

  private static CheckResult lateReading(FragileReceiver receiver, Duration patience) {
    return only(
        CheckItem.LATE_READING, Destinations.withMaxInFlight(receiver.port(), 30_000), patience);
  }

  @Test
  void receiverThatHasDied_isNotTriedFurther() throws Exception {
    List<CheckItem> items =
        List.of(CheckItem.HALF_A_MESSAGE, CheckItem.NEW_EPOCH, CheckItem.PIPELINING);
    try (FragileReceiver receiver =
        new FragileReceiver(FragileReceivers.all().get(CheckItem.HALF_A_MESSAGE))) {
      List<CheckResult> results =
          Conformance.check(
              Destinations.at(receiver.port()), Duration.ofSeconds(1), items, each -> {});
      assertEquals("not tried: nobody listens there any more", results.get(1).detail());
      assertEquals(results.get(1).detail(), results.get(2).detail());
    }
  }

  private static List<CheckResult> some(int port) {
    return Conformance.check(Destinations.at(port), Duration.ofSeconds(2), SOME, each -> {});
  }

  private static CheckResult only(CheckItem item, int port, Duration patience) {
    return only(item, Destinations.at(port), patience);
  }

  private static CheckResult only(CheckItem item, Destination destination, Duration patience) {
    return Conformance.check(destination, patience, List.of(item), each -> {}).get(0);
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
