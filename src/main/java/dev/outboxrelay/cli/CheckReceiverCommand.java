// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.receiver.CheckResult;
import dev.outboxrelay.receiver.Conformance;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Brakes;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Destination.OnFailure;
import dev.outboxrelay.values.Destination.Ordering;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "check-receiver",
    description = {
      "Plays the relay towards a receiver of yours.",
      "Goes through what a receiver must do. The messages name the schema outbox_check.",
      "Exit code 9: the receiver failed at something."
    })
final class CheckReceiverCommand implements Callable<Integer> {
  private static final Pattern URI = Pattern.compile("(tcp|tls)://[^/?#@\\s]+:\\d{1,5}");
  private static final int MOST_IN_FLIGHT = 100_000;

  @Parameters(
      paramLabel = "URI",
      description = "Where the receiver listens: tcp://host:port or tls://host:port.")
  String uri = "";

  @Option(
      names = "--format",
      paramLabel = "KIND",
      defaultValue = "change",
      description = "As the destination's: change, td, cloudevents, debezium or payload.")
  Format format = Format.CHANGE;

  @Option(
      names = "--framing",
      paramLabel = "KIND",
      defaultValue = "ndjson",
      description = "As the destination's: ndjson, length or raw.")
  Framing framing = Framing.NDJSON;

  @Option(
      names = "--ack",
      paramLabel = "KIND",
      defaultValue = "line",
      description = "As the destination's: line, close or none.")
  Ack ack = Ack.LINE;

  @Option(
      names = "--max-in-flight",
      paramLabel = "NUMBER",
      defaultValue = "1000",
      description = "As the destination's: how many messages are sent before one is answered.")
  int maxInFlight;

  @Option(
      names = "--tls-options",
      paramLabel = "JSON",
      defaultValue = "{}",
      description = "As the destination's options, such as {\"tls_ca\": \"/etc/ca.pem\"}.")
  String tlsOptions = "";

  @Option(
      names = "--patience",
      paramLabel = "DURATION",
      defaultValue = "10s",
      description = "How long may pass without an answer that is due.")
  Duration patience = Duration.ZERO;

  @Mixin CommonOptions common = new CommonOptions();
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    common.apply();
    if (!URI.matcher(uri).matches()) {
      throw new UserError(
          ExitCode.USAGE, "'" + uri + "' is no receiver: write tcp://host:port or tls://host:port");
    }
    if (maxInFlight < 1 || maxInFlight > MOST_IN_FLIGHT) {
      throw new UserError(
          ExitCode.USAGE, "--max-in-flight is " + maxInFlight + ", need 1 to " + MOST_IN_FLIGHT);
    }
    PrintWriter out = spec.commandLine().getOut();
    List<CheckResult> results =
        Conformance.check(destination(), patience, result -> print(out, result));
    return results.stream().allMatch(CheckResult::passed) ? ExitCode.OK : ExitCode.FINDINGS;
  }

  /** One line of a checklist. */
  static void print(PrintWriter out, CheckResult result) {
    out.println((result.passed() ? "ok    " : "FAIL  ") + result.item() + ": " + result.detail());
    out.flush();
  }

  private Destination destination() {
    return new Destination(
        1,
        "check",
        1,
        uri,
        format,
        framing,
        ack,
        Ordering.KEY,
        1,
        Duration.ofSeconds(1),
        Duration.ofSeconds(1),
        patience,
        patience,
        maxInFlight,
        OnFailure.SKIP,
        null,
        Brakes.NONE,
        false,
        tlsOptions);
  }
}
