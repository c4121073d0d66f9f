// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.receiver.CheckResult;
import dev.outboxrelay.receiver.LineConsumer;
import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import dev.outboxrelay.receiver.Refusal;
import dev.outboxrelay.receiver.RelayCheck;
import dev.outboxrelay.store.Trouble;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Destination.Framing;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "receive",
    description = {
      "Receives, to try and test with.",
      "Prints each message as it came, and nothing else, to standard output, and answers as the",
      "flags say; without any, it acknowledges.",
      "With --check it prints a checklist instead: whether the relay that sends here keeps to the",
      "protocol, and does with every kind of answer what it should. Exit code 9: it does not."
    })
final class ReceiveCommand implements Callable<Integer> {
  private static final Logger LOG = LoggerFactory.getLogger(ReceiveCommand.class);
  private static final Duration STOP_BOUND = Duration.ofSeconds(5);

  @Option(
      names = "--port",
      paramLabel = "PORT",
      defaultValue = "9000",
      description = "Listens on this port; 0 for a free one, which is logged.")
  int port;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "0.0.0.0",
      description = "Listens on this address.")
  String host = "";

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
      names = "--refuse",
      paramLabel = "REGEX",
      description = "Refuses messages in which this is found; '.' refuses all.")
  @Nullable Pattern refuse;

  @Option(
      names = "--refuse-every",
      paramLabel = "N",
      defaultValue = "0",
      description = "Refuses every n-th message; 0 for none.")
  int refuseEvery;

  @Option(
      names = "--reason",
      paramLabel = "TEXT",
      defaultValue = "refused on request",
      description = "What a refusal says.")
  String reason = "";

  @Option(
      names = "--no-retry",
      defaultValue = "false",
      description = "A refusal asks the relay to set the message aside at once.")
  boolean noRetry;

  @Option(
      names = "--retry-after",
      paramLabel = "DURATION",
      description = "A refusal asks the relay to try again after this.")
  @Nullable Duration retryAfter;

  @Option(
      names = "--delay",
      paramLabel = "DURATION",
      defaultValue = "0s",
      description = "Holds each answer back.")
  Duration delay = Duration.ZERO;

  @Option(names = "--silent", defaultValue = "false", description = "Reads, and never answers.")
  boolean silent;

  @Option(
      names = "--close-after",
      paramLabel = "N",
      defaultValue = "0",
      description = "Closes a connection after this many answers; 0 for no limit.")
  int closeAfter;

  @Option(
      names = "--check",
      defaultValue = "false",
      description = "Checks the relay that sends here; needs fifty messages of different keys.")
  boolean check;

  @Option(
      names = "--format",
      paramLabel = "KIND",
      defaultValue = "change",
      description =
          "As the destination's, for --check: change, td, cloudevents, debezium, payload.")
  Format format = Format.CHANGE;

  @Option(
      names = "--patience",
      paramLabel = "DURATION",
      defaultValue = "60s",
      description = "How long the relay may take for each item of --check.")
  Duration patience = Duration.ZERO;

  @Mixin CommonOptions common = new CommonOptions();
  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws InterruptedException {
    common.apply();
    HangupSignal.ignoreWithoutTerminal();
    ReceiverOptions options = options();
    if (check) {
      return check(options);
    }
    LineConsumer printer = LineConsumer.to(new FileOutputStream(FileDescriptor.out));
    try (StopSignal stop = StopSignal.listen(STOP_BOUND);
        Receiver receiver = Receiver.start(options, printer)) {
      LOG.info("receiving on {}:{}", host, receiver.port());
      stop.await();
    } catch (IOException e) {
      throw cannotListen(e);
    }
    return ExitCode.OK;
  }

  private int check(ReceiverOptions options) throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    try (RelayCheck relay =
        RelayCheck.listen(
            options, format, patience, result -> CheckReceiverCommand.print(out, result))) {
      LOG.info("checking what sends to {}:{}", host, relay.port());
      return relay.run().stream().allMatch(CheckResult::passed) ? ExitCode.OK : ExitCode.FINDINGS;
    } catch (IOException e) {
      throw cannotListen(e);
    }
  }

  private static UserError cannotListen(IOException e) {
    return new UserError(ExitCode.USAGE, Trouble.words(e) + ": choose another --port or --host");
  }

  private ReceiverOptions options() {
    boolean refuses = refuse != null || refuseEvery > 0;
    try {
      Refusal refusal =
          refuses ? new Refusal(refuseEvery, refuse, reason, !noRetry, retryAfter) : null;
      if (format == Format.PAYLOAD && ack == Ack.LINE && check) {
        throw new IllegalArgumentException(
            "format 'payload' carries no id to answer, need ack 'close' or 'none'");
      }
      return new ReceiverOptions(host, port, framing, ack, refusal, delay, silent, closeAfter);
    } catch (IllegalArgumentException e) {
      throw new UserError(ExitCode.USAGE, String.valueOf(e.getMessage()));
    }
  }
}
