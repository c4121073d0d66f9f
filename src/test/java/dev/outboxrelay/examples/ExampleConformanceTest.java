// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.examples;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.receiver.CheckResult;
import dev.outboxrelay.receiver.Conformance;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The example servers, taken through the checklist as their users are told to. */
@Tag("full")
final class ExampleConformanceTest {

  /** A shell reads a line of a megabyte byte by byte. */
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  static Stream<Arguments> settings() {
    List<Arguments> all = new ArrayList<>();
    for (ExampleServer server : ExampleServer.values()) {
      all.add(Arguments.of(server, "ack", Ack.LINE, Framing.NDJSON));
      all.add(Arguments.of(server, "plain", Ack.CLOSE, Framing.NDJSON));
      all.add(Arguments.of(server, "plain", Ack.NONE, Framing.NDJSON));
    }
    all.add(Arguments.of(ExampleServer.NODE, "plain", Ack.CLOSE, Framing.RAW));
    return all.stream();
  }

  @ParameterizedTest(name = "{0} {1}, {2}, {3}")
  @MethodSource("settings")
  void example_checked_passesEveryItem(
      ExampleServer server, String example, Ack ack, Framing framing) throws Exception {
    assumeTrue(server.isInstalled(), server + " is not installed here");
    int port = Ports.free();
    try (ExampleServer.Running running = server.start(example, port)) {
      List<CheckResult> results =
          Conformance.check(
              Destinations.at("tcp://127.0.0.1:" + port, framing, ack, "{}"), PATIENCE, each -> {});
      assertTrue(
          results.stream().allMatch(CheckResult::passed) && results.size() > 20,
          () -> results.stream().filter(each -> !each.passed()).toList().toString());
    }
  }
}
