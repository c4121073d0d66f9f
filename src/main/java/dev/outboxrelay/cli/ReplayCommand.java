// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Destinations;
import dev.outboxrelay.operate.Replay;
import dev.outboxrelay.operate.Replay.Outcome;
import dev.outboxrelay.operate.Replay.Wanted;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Session;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "replay",
    description = {
      "Sends kept messages again, each with an id of its own, as outbox.replay does.",
      "Some at a time, each step a transaction. Ctrl-C ends it after the next step;",
      "the same command again goes on where it was."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay replay shop --since 2026-11-22T12:00:00Z --rate 500",
      "  outbox-relay replay shop --to shop2 --table public.orders --key 17 --key 18"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Done: each message is written again.",
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED,
      "9:Stopped before the end: run it again."
    })
@WithoutVariables
final class ReplayCommand implements Callable<Integer> {
  private static final Duration STOP_BOUND = Duration.ofSeconds(30);

  @Parameters(
      index = "0",
      paramLabel = "NAME",
      description = "The destination whose kept messages are sent again.")
  String destination = "";

  @Option(
      names = "--to",
      paramLabel = "NAME",
      description = "To which destination; without it to the same.")
  @Nullable String to;

  @Option(
      names = "--table",
      paramLabel = "TABLE",
      description = "Only of this table, such as public.orders; may be given several times.")
  @Nullable List<String> tables;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description = "Only of this key, all of it; may be given several times.")
  @Nullable List<String> keys;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      converter = Moment.Converter.class,
      description = {
        "Only what was delivered at this time or later:",
        "2026-11-22T12:00:00Z, 2026-11-22, or 2h for two hours ago."
      })
  @Nullable Moment since;

  @Option(
      names = "--until",
      paramLabel = "TIME",
      converter = Moment.Converter.class,
      description = "Only what was delivered before this time.")
  @Nullable Moment until;

  @Option(
      names = "--condition",
      paramLabel = "SQL",
      description = "Which messages, as after WHERE; without it all.")
  @Nullable String condition;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "0",
      description = "So many messages a second at most; 0 for no limit.")
  int rate;

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    if (rate < 0) {
      throw new UserError(ExitCode.USAGE, "--rate is " + rate + ", need 0 or more");
    }
    return operator.run(this::replay);
  }

  private int replay(Session session) throws SQLException, InterruptedException {
    Destinations destinations = new Destinations(session);
    for (String name : to == null ? List.of(destination) : List.of(destination, to)) {
      if (destinations.find(name).isEmpty()) {
        throw OperatorOptions.noDestination(name, destinations.names());
      }
    }
    Instant now = session.now();
    Wanted wanted =
        new Wanted(
            destination,
            to,
            tables,
            keys,
            since == null ? null : since.before(now),
            until == null ? null : until.before(now),
            condition);
    ProgressLine line = new ProgressLine(operator::tell);
    try (StopSignal stop = StopSignal.listen(STOP_BOUND)) {
      // The step that is under way is finished, and what was done is told.
      if (!stop.hold()) {
        return ExitCode.FINDINGS;
      }
      stop.endWith(ExitCode.FINDINGS);
      long[] begun = {-1};
      Outcome outcome =
          new Replay(session)
              .run(
                  wanted,
                  rate,
                  stop::pause,
                  (messages, gone, all) -> {
                    begun[0] = begun[0] < 0 ? gone : begun[0];
                    line.at("messages", messages, gone - begun[0], all - begun[0]);
                    return !stop.isAsked();
                  });
      operator.answer(
          Row.of(
              "destination",
              destination,
              "to",
              to == null ? destination : to,
              "messages",
              outcome.messages(),
              "complete",
              outcome.complete()),
          words(outcome));
      return outcome.complete() ? ExitCode.OK : ExitCode.FINDINGS;
    }
  }

  private String words(Outcome outcome) {
    String written =
        outcome.messages()
            + " messages of "
            + destination
            + " written again"
            + (to == null ? "" : " for " + to);
    return outcome.complete()
        ? written
        : "stopped: "
            + written
            + "; the same command again goes on, with times that are no distances";
  }
}
