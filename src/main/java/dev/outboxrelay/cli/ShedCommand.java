// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Cell;
import dev.outboxrelay.operate.Disk;
import dev.outboxrelay.operate.Disk.Outcome;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Session;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "shed",
    description = {
      "Gives up the oldest messages of a destination for good, undelivered, to save the disk.",
      "What is owed goes, and what was set aside; outbox.shed_record tells what it was. Ten",
      "thousand at a time, each a transaction of its own; Ctrl-C ends it after the next."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay shed shop --all --dry-run",
      "  outbox-relay shed shop --messages 1000000 --reason 'the disk is nearly full'",
      "  outbox-relay shed shop --all"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Done; also where nothing was owed.",
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED,
      "9:It was stopped before the end."
    })
@WithoutVariables
final class ShedCommand implements Callable<Integer> {
  private static final Duration STOP_BOUND = Duration.ofSeconds(30);

  @Parameters(paramLabel = "NAME", description = "The destination.")
  String name = "";

  @Option(names = "--messages", paramLabel = "N", description = "So many, the oldest first.")
  long messages;

  @Option(names = "--all", description = "All of them, those that come meanwhile too.")
  boolean all;

  @Option(names = "--reason", paramLabel = "TEXT", description = "For outbox.shed_record.")
  @Nullable String reason;

  @Option(names = "--dry-run", description = "Only tells how much there is; an estimate.")
  boolean dryRun;

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    if (messages < 0) {
      throw new UserError(ExitCode.USAGE, "--messages is " + messages + ", need 1 or more");
    }
    if (messages > 0 == all) {
      throw new UserError(
          ExitCode.USAGE,
          all
              ? "--all and --messages are given: give one or the other"
              : "how many? Give --messages, the oldest first, or --all");
    }
    return operator.run(
        session -> {
          operator.requireDestination(session, name);
          Row owed = new Disk(session).owed(name).orElse(Row.of());
          return dryRun ? tell(owed) : shed(session, owed.number("messages"));
        });
  }

  private int tell(Row owed) {
    long there = owed.number("messages");
    long would = all ? there : Math.min(messages, there);
    operator.answer(
        Row.of("name", name, "owed", there, "bytes", owed.number("bytes"), "shed", 0)
            .with("complete", false),
        name
            + ": about "
            + would
            + " would be shed, of "
            + there
            + " that take "
            + Cell.bytes(owed.number("bytes")));
    return ExitCode.OK;
  }

  private int shed(Session session, long there) throws SQLException {
    long most = all ? Long.MAX_VALUE : messages;
    ProgressLine line = new ProgressLine(operator::tell);
    try (StopSignal stop = StopSignal.listen(STOP_BOUND)) {
      // What is under way is finished, and what was done is told.
      if (!stop.hold()) {
        return ExitCode.FINDINGS;
      }
      stop.endWith(ExitCode.FINDINGS);
      Outcome outcome =
          new Disk(session)
              .shed(
                  name,
                  most,
                  reason,
                  shed -> {
                    line.at("shed", shed, shed, Math.min(most, there));
                    return !stop.isAsked();
                  });
      operator.answer(
          Row.of("name", name, "shed", outcome.shed(), "complete", outcome.complete()),
          words(outcome));
      return outcome.complete() ? ExitCode.OK : ExitCode.FINDINGS;
    }
  }

  private String words(Outcome outcome) {
    if (!outcome.complete()) {
      return name + ": stopped, " + outcome.shed() + " shed; the same command again goes on";
    }
    return outcome.shed() == 0
        ? name + ": there was nothing to shed"
        : name + ": " + outcome.shed() + " shed; see outbox.shed_record";
  }
}
