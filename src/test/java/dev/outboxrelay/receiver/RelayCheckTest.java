// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.TestDatabase;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Destination.Framing;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class RelayCheckTest {

  private static final Duration SHORT = Duration.ofMillis(300);

  /** The relay itself, with each format, framing and acknowledgement. */
  @ParameterizedTest(name = "{0}, {1}, {2}")
  @MethodSource("settings")
  void ourOwnRelay_passesEveryItem(Format format, Framing framing, Ack ack) throws Exception {
    ReceiverOptions options = ReceiverOptions.DEFAULTS.withAck(ack).withFraming(framing);
    List<CheckResult> heard = new ArrayList<>();
    try (TestDatabase db = TestDatabase.create();
        RelayCheck check = RelayCheck.listen(options, format, Duration.ofSeconds(30), heard::add)) {
      db.execute(
          "create table orders (id int primary key, version int)",
          "insert into outbox.destination (name, uri, format, framing, ack, retry_initial)"
              + " values ('d', 'tcp://127.0.0.1:%d', '%s', '%s', '%s', '100 ms')"
                  .formatted(check.port(), lower(format), lower(framing), lower(ack)),
          "select outbox.capture('orders', 'd', operations => '{insert,update,delete,truncate}')",
          "insert into orders select i, 1 from generate_series(1, 60) i",
          "update orders set version = 2",
          "delete from orders where id > 50",
          "truncate orders",
          "select outbox.publish('d', '[1]')");
      try (RunningRelay relay = RunningRelay.start(db)) {
        List<CheckResult> results = check.run();
        assertEquals(List.of(), failed(results), results::toString);
        assertEquals(results, heard);
        assertEquals(ack == Ack.LINE ? 16 : ack == Ack.CLOSE ? 7 : 6, results.size());
      }
    }
  }

  static Stream<Arguments> settings() {
    return Stream.of(
        Arguments.of(Format.CHANGE, Framing.NDJSON, Ack.LINE),
        Arguments.of(Format.TD, Framing.LENGTH, Ack.LINE),
        Arguments.of(Format.CLOUDEVENTS, Framing.LENGTH, Ack.LINE),
        Arguments.of(Format.DEBEZIUM, Framing.NDJSON, Ack.LINE),
        Arguments.of(Format.CHANGE, Framing.NDJSON, Ack.CLOSE),
        Arguments.of(Format.PAYLOAD, Framing.RAW, Ack.CLOSE),
        Arguments.of(Format.CHANGE, Framing.LENGTH, Ack.CLOSE),
        Arguments.of(Format.CHANGE, Framing.LENGTH, Ack.NONE));
  }

  /** As docs/reference/protocol.md says: fifty rows, at once, to a relay that runs. */
  @ParameterizedTest(name = "{0}")
  @EnumSource(Ack.class)
  void ourOwnRelay_withFiftyRowsAtOnce_passesEveryItem(Ack ack) throws Exception {
    ReceiverOptions options = ReceiverOptions.DEFAULTS.withAck(ack);
    try (TestDatabase db = TestDatabase.create();
        RelayCheck check =
            RelayCheck.listen(options, Format.CHANGE, Duration.ofSeconds(30), result -> {})) {
      db.execute(
          "create table orders (id int primary key)",
          "insert into outbox.destination (name, uri, ack) values ('d', 'tcp://127.0.0.1:%d', '%s')"
              .formatted(check.port(), lower(ack)),
          "select outbox.capture('orders', 'd')");
      try (RunningRelay relay = RunningRelay.start(db)) {
        db.execute("insert into orders select generate_series(1, 50)");
        List<CheckResult> results = check.run();
        assertEquals(List.of(), failed(results), results::toString);
      }
    }
  }

  @Test
  void nobody_isFailureInEveryItem() throws Exception {
    try (RelayCheck check =
        RelayCheck.listen(ReceiverOptions.DEFAULTS, Format.CHANGE, SHORT, result -> {})) {
      assertEquals(16, failed(check.run()).size());
    }
  }

  /** A sender that sends and hears nothing, one broken rule each. */
  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("broken")
  void sender_thatBreaksARule_failsInThatItem(String item, String words, List<String> lines)
      throws Exception {
    List<CheckResult> results = sent(String.join("", lines), item.equals("framing"));
    CheckResult result =
        results.stream().filter(each -> each.item().equals(item)).findFirst().orElseThrow();
    assertTrue(!result.passed() && result.detail().contains(words), results::toString);
  }

  static Stream<Arguments> broken() {
    return Stream.of(
        broken("well-formed", "not JSON", "nonsense\n"),
        broken("well-formed", "member 'epoch' is missing", "{\"id\":\"1-0\"}\n"),
        broken("well-formed", "comes twice", "{\"id\":\"1-0\",\"id\":\"1-0\"}\n"),
        broken("well-formed", "not like 1042-kx3d9a2b1c", line("x", 1, "1")),
        broken("well-formed", "a line break inside", line("1", 1, "1").replace("\n", "\r\n")),
        broken("well-formed", "at is", line("1", 1, "1").replace(".000000Z", "Z")),
        broken("well-formed", "has no 'new'", line("1", 1, "1").replace("new", "later")),
        broken("well-formed", "op is 'upsert'", line("1", 1, "1").replace("insert", "upsert")),
        broken("framing", "an empty line", line("1", 1, "1"), "\n"),
        broken("framing", "closed inside a line", line("1", 1, "1"), "{\"id\""),
        broken("epoch", "epoch 2 came after 3", line("1", 3, "1"), line("2", 2, "2")),
        broken(
            "key-order",
            "3-0 came while 2-0 was owed",
            line("1", 1, "1"),
            line("2", 1, "2"),
            line("3", 1, "2")),
        broken("acknowledged", "came again", line("1", 1, "1"), line("1", 1, "1")),
        broken("nack", "did not come again", many()),
        broken("retry-after", "did not come again", many()),
        broken("connection-cut", "did not come again", many()),
        broken("malformed-answer", "went on after ok", many()),
        broken("other-change", "went on after {\"ack\":\"", many()));
  }

  private static Arguments broken(String item, String words, String... lines) {
    return Arguments.of(item, words, List.of(lines));
  }

  private static String many() {
    StringBuilder lines = new StringBuilder();
    for (int id = 1; id <= 40; id++) {
      lines.append(line("" + id, 1, "" + id));
    }
    return lines.toString();
  }

  private static String line(String id, int epoch, String key) {
    return ("{\"id\":\"%s-0\",\"epoch\":%d,\"attempt\":1,\"op\":\"insert\",\"schema\":\"s\","
            + "\"table\":\"t\",\"key\":\"%s\",\"tx\":\"1\",\"at\":\"2026-11-22T06:05:00.000000Z\","
            + "\"new\":{}}\n")
        .formatted(id, epoch, key);
  }

  private static List<CheckResult> sent(String text, boolean ends) throws Exception {
    try (RelayCheck check =
            RelayCheck.listen(ReceiverOptions.DEFAULTS, Format.CHANGE, SHORT, result -> {});
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), check.port())) {
      OutputStream out = socket.getOutputStream();
      out.write(text.getBytes(StandardCharsets.UTF_8));
      if (ends) {
        socket.shutdownOutput();
      }
      return check.run();
    }
  }

  /** Sends again at once what is refused, as the same attempt. */
  @Test
  void sender_thatRepeatsWithoutWaiting_failsWhereItShouldWait() throws Exception {
    try (RelayCheck check =
            RelayCheck.listen(ReceiverOptions.DEFAULTS, Format.CHANGE, SHORT, result -> {});
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), check.port())) {
      OutputStream out = socket.getOutputStream();
      out.write(many().getBytes(StandardCharsets.UTF_8));
      Thread sender =
          new Thread(
              () -> {
                try (BufferedReader in =
                    new BufferedReader(
                        new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8))) {
                  for (String said = in.readLine(); said != null; said = in.readLine()) {
                    if (said.startsWith("{\"nack\"")) {
                      String number = said.substring(9, said.indexOf("-0\"", 9));
                      out.write(line(number, 1, number).getBytes(StandardCharsets.UTF_8));
                    }
                  }
                } catch (IOException e) {
                  // The check has ended.
                  return;
                }
              });
      sender.setDaemon(true);
      sender.start();
      String failed = failed(check.run()).toString();
      assertTrue(failed.contains("attempt was 1, and 1 after a nack"), failed);
      assertTrue(failed.contains("asked for 1500 ms, it came after"), failed);
    }
  }

  private static List<CheckResult> failed(List<CheckResult> results) {
    return results.stream().filter(result -> !result.passed()).toList();
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
